"""What a model's latest errors say about its next values: a correction and intervals, one `Calibration` a UTC day."""

from shared.valuation.calibration.calibrator import Calibrator, day_of
from shared.valuation.calibration.intervals import LEVELS, Calibration
from shared.valuation.calibration.residuals import Residuals

__all__ = ["LEVELS", "Calibration", "Calibrator", "Residuals", "day_of"]

"""What a model's latest errors say about its next values: a correction and intervals, one `Calibration` a UTC day."""

from shared.valuation.calibration.intervals import Calibration

__all__ = ["Calibration"]

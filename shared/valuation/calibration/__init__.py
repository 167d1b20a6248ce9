"""Calibration of values by a model's latest errors: a correction and intervals, one `Calibration` per UTC day."""

from shared.valuation.calibration.intervals import Calibration

__all__ = ["Calibration"]

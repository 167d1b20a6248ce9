"""What a model's latest errors say about its next values: a correction and intervals, one `Calibration` a UTC day.

`Calibrator` is the door; the other modules are its parts.
"""

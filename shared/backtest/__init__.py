"""Strategies against passive books on the platform's record: the result of trading on published values.

Pure: frozen data and a fold over days, no I/O and no clock. `docs/backtest.md` has the rules and the formulas.
"""

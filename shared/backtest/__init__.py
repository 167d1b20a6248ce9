"""Strategy against passive on the platform's own record: what trading on published values would have done.

Pure: frozen data and a fold over days, no I/O and no clock. `docs/backtest.md` has the rules and the formulas.
"""

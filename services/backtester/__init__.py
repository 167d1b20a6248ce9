"""Plays the trading books over the published record, once a day.

In: `backtest.requested`. Out: no messages.
Reads: champion generations, nowcasts, outcomes, market events, sales.
Writes: `backtests`, `backtest_days`, `backtest_trades` and its inbox, nothing else.
"""

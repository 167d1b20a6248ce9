"""The laboratory: what judges the platform on history. Nothing in `services` or `shared` imports it.

`evaluation` values past sales, `policy_replay` compares rules of promotion, `replay` plays history through the
production handlers, `drill` times rollbacks, `backtest` trades on the values, `demo` plays a market and serves it.
"""

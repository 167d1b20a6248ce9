"""What `punkcast backtest` is made of."""

"""The backtest worker: reads the record day by day, plays the books, stores what came of it."""

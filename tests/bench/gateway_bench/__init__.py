"""The gateway against bare limits: servers to compare, a client that loads them, a market to serve."""

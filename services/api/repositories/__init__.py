"""SQL of the gateway, in constants that a test prepares. Each function takes a connection; the caller owns
the transaction."""

"""What tests need from outside: a real PostgreSQL, a real RabbitMQ, an S3 HTTP API, real market data."""

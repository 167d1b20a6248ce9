"""Everything every test may ask for; see `tests/plugins`."""

pytest_plugins = (
    "tests.plugins.postgres",
    "tests.plugins.rabbitmq",
    "tests.plugins.s3",
    "tests.plugins.hardhat",
    "tests.plugins.market_data",
)

"""Everything every test may ask for; see `tests/plugins`."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # a busy machine must not fail a test
settings.load_profile("unhurried")

pytest_plugins = (
    "tests.plugins.postgres",
    "tests.plugins.rabbitmq",
    "tests.plugins.s3",
    "tests.plugins.hardhat",
    "tests.plugins.market_data",
)

"""The real market, for tests marked `realdata`."""

import os
from pathlib import Path

import pytest


def market_data_folder() -> Path:
    """PUNKCAST_DATA_DIR, else the repository's `data`."""
    return Path(os.environ.get("PUNKCAST_DATA_DIR") or Path(__file__).parents[2] / "data")


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of the real events."""
    return market_data_folder()

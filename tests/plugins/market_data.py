"""Real market data, for tests marked `realdata`.

It is too large for the repository. Without it these tests are deselected, and the summary says so.
"""

import os
from pathlib import Path

import pytest

NEEDED = ("events.parquet", "punks.parquet", "sales_reference.parquet")
DESELECTED = pytest.StashKey[int]()


def market_data_folder() -> Path:
    """PUNKCAST_DATA_DIR, else `shared/data` next to the repository."""
    folder = os.environ.get("PUNKCAST_DATA_DIR")
    return Path(folder) if folder else Path(__file__).resolve().parents[3] / "shared" / "data"


def _present() -> bool:
    return all((market_data_folder() / name).is_file() for name in NEEDED)


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of the real events. Only for tests marked `realdata`."""
    if not _present():
        pytest.fail(
            f"no market data in {market_data_folder()}: mark this test with @pytest.mark.realdata", pytrace=False
        )
    return market_data_folder()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if _present():
        return
    away = [item for item in items if item.get_closest_marker("realdata")]
    if away:
        items[:] = [item for item in items if item not in away]
        config.hook.pytest_deselected(items=away)
        config.stash[DESELECTED] = len(away)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    count = config.stash.get(DESELECTED, 0)
    if count:
        terminalreporter.section("real market data")
        terminalreporter.line(
            f"{count} tests need real market data and did not run: set PUNKCAST_DATA_DIR to a folder with "
            f"{', '.join(NEEDED)} (looked in {market_data_folder()})"
        )

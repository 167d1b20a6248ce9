"""Where the benchmarks find the real market's events."""

from pathlib import Path

from tests.plugins.market_data import market_data_folder


def find_events() -> Path:
    """`PUNKCAST_DATA_DIR`, else `../shared/data` beside the repository.

    Raises:
        SystemExit: neither has an events.parquet.
    """
    folder = market_data_folder()
    if not (folder / "events.parquet").exists():
        raise SystemExit(f"no events.parquet in {folder}; set PUNKCAST_DATA_DIR to the folder with the market's events")
    return folder

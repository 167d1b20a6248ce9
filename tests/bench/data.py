"""Where the benchmarks find the real market's events."""

import os
from pathlib import Path


def find_events() -> Path:
    """`PUNKCAST_DATA_DIR`, else `../shared/data` beside the repository.

    Raises:
        SystemExit: neither has an events.parquet.
    """
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("PUNKCAST_DATA_DIR", beside))
    if not (folder / "events.parquet").exists():
        raise SystemExit(f"no events.parquet in {folder}; set PUNKCAST_DATA_DIR to the folder with the market's events")
    return folder

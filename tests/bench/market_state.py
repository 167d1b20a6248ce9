"""Rebuilding everything derived from the events, and keeping up with new ones, beside merely reading the file.

Each rebuild runs in a process of its own, so that its peak memory is its own too.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import polars as pl

from shared.market.reference_data import packaged_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from tests.bench.measured import Measured

RUNS = 3
NEW_EVENTS = 50
UPDATES = 20
MEMORY_LIMIT_MIB = 1024.0


async def market_state(url: str, home: Path, events: Path) -> list[Measured]:
    """No database takes part: `url` and `home` are what every benchmark is given."""
    runs = [_in_a_process(events) for _ in range(RUNS)]
    reading, rebuild, update, peak = (
        median(run[name] for run in runs) for name in ("reading", "rebuild", "update", "peak_mib")
    )
    return [
        Measured("full rebuild of derived state (limit: reading the file)", rebuild, "s", reading),
        Measured(f"update for {NEW_EVENTS} new events (limit: reading the file)", update, "s", reading),
        Measured("peak memory of a full rebuild (limit: 1 GiB)", peak, "MiB", MEMORY_LIMIT_MIB),
    ]


def _in_a_process(events: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.market_state", str(events)], check=True, capture_output=True, text=True
    )
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _measure(folder: Path) -> dict[str, float]:
    started = time.perf_counter()
    events = pl.read_parquet(folder / "events.parquet", memory_map=False)
    reading = time.perf_counter() - started
    events = events.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))

    timeline = MarketTimeline(Traits.from_frame(packaged_punks()))
    known = events.height - UPDATES * NEW_EVENTS
    started = time.perf_counter()
    timeline.apply(events.head(known))
    rebuild = (time.perf_counter() - started) * events.height / known
    updates = []
    for place in range(known, events.height, NEW_EVENTS):
        started = time.perf_counter()
        timeline.apply(events.slice(place, NEW_EVENTS))
        updates.append(time.perf_counter() - started)
    return {"reading": reading, "rebuild": rebuild, "update": median(updates), "peak_mib": _own_peak_mib()}


def _own_peak_mib() -> float:
    """Most memory this program held, MiB. The kernel's `ru_maxrss` would count what its parent held at the fork too."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024.0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(Path(sys.argv[1]))))

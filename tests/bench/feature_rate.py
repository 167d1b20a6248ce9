"""Features a second: of past sales, each at its own instant as a trainer asks, and of all punks at one instant.

The bare limit of a past sale is sorting the asks of one book once; that of a nowcast is putting the finished columns
into one matrix.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import PUNKS, Traits
from shared.sources.event_files import EventFileSource, read_event_files
from shared.valuation.features import compute
from tests.bench.measured import Measured

SALES = 30_000
HORIZON_S = 1_800
RUNS = 3


async def feature_rate(_url: str, _home: Path, events: Path) -> list[Measured]:
    """Half an hour before the last sales of the real history, and everything as of its end."""
    history = read_event_files(events / "events.parquet").events.with_row_index("seq", offset=1)
    source = EventFileSource(events)
    timeline = MarketTimeline(Traits.from_frame(await source.punks()))
    timeline.apply(history.with_columns(pl.col("seq").cast(pl.Int64)))
    prices = DailyPrices.from_frame(await source.eth_usd(history["timestamp"][-1].date()))
    # Fewer sales than that are valid; excluded ones cost the same.
    sales = timeline.sales[-SALES:]
    sold = np.array([sale.punk_id for sale in sales])
    before = np.array([sale.time - HORIZON_S for sale in sales])
    every, now = np.arange(PUNKS), np.full(PUNKS, int(timeline.events.times[-1]) + 1)
    rows = compute(timeline, prices, every, now)
    columns = list(rows.drop("floor_eth").to_numpy().astype(np.float64).T)
    asks = np.random.default_rng(0).permutation([float(price) for price, _ in timeline.asks_now.asks()])
    return [
        Measured(
            f"features of {len(sales):,} past sales",
            len(sales) / _seconds(lambda: compute(timeline, prices, sold, before)),
            "rows/s",
            len(sales) / _seconds(lambda: [np.sort(asks) for _ in sales]),
        ),
        Measured(
            f"features of {PUNKS:,} punks at one instant",
            PUNKS / _seconds(lambda: compute(timeline, prices, every, now)),
            "rows/s",
            PUNKS / _seconds(lambda: np.column_stack(columns).astype(np.float32)),
        ),
    ]


def _seconds(action: Callable[[], object]) -> float:
    """Median over some runs of the seconds that `action` takes."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return median(seconds)

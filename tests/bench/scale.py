"""The simulated market and the order book at ten and a hundred times the punks: is the work in proportion?

A market of ten times the punks has ten times the events, and each event meets a book ten times as large. The bare limit
of folding is the rate at 10,000 punks. Everything is in memory: the platform's tables know 10,000 punks.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import polars as pl

from shared.market.event_types import DELISTED, LISTED, OWNER_CHANGES
from shared.market.order_book import AskBook
from shared.sources.simulation.market import generate
from tests.bench.measured import Measured

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 30
RUNS = 3
SIZES = (10_000, 100_000, 1_000_000)
FOLDED = (10_000, 100_000)


async def scale(_url: str, _home: Path, _events: Path) -> list[Measured]:
    """Seconds to generate a month, and order-book events folded a second."""
    generated, folded = [], {}
    for assets in SIZES:
        started = time.perf_counter()
        events = generate(seed=7, began=BEGAN, days=DAYS, assets=assets).events
        generated.append(time.perf_counter() - started)
        if assets in FOLDED:
            folded[assets] = median(fold_rate(events) for _ in range(RUNS))
    # The limit of generating is what the smallest market takes for as many punks.
    made = [
        Measured(f"{DAYS} simulated days of {assets:,} punks", seconds, "s", generated[0] * assets / SIZES[0])
        for assets, seconds in zip(SIZES, generated, strict=True)
    ]
    small = folded[FOLDED[0]]
    return made + [
        Measured(f"order book events, {assets:,} punks", rate, "/s", small) for assets, rate in folded.items()
    ]


def fold_rate(events: pl.DataFrame) -> float:
    """Events that list or end a listing, folded into a book with its floor read after each, a second."""
    kind = pl.col("event_type")
    folded = events.filter(kind.is_in([LISTED, DELISTED, *OWNER_CHANGES])).select(
        "punk_id",
        price=pl.when((kind == LISTED) & pl.col("to_address").is_null()).then("price_wei"),
    )
    rows = list(zip(folded["punk_id"].to_list(), folded["price"].to_list(), strict=True))
    book = AskBook()
    started = time.perf_counter()
    for punk, price in rows:
        book.move(punk, None if price is None else int(price))
        book.lowest_two()
    return len(rows) / (time.perf_counter() - started)

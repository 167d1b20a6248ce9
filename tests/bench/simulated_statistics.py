"""A simulated year beside the real one: `python -m tests.bench.simulated_statistics [seed …]` prints a Markdown table.

The real year is 2024-08-01 to 2025-07-31 of the real market. docs/measurements.md has the output.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.book_arrays import BookArrays
from shared.market.reference_data import packaged_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.market.valid_sales import Sale
from shared.sources.simulated import SimulatedMarket
from tests.plugins.market_data import market_data_folder

Floats = npt.NDArray[np.float64]
YEAR = 365
REAL_SINCE = date(2024, 8, 1)
SEEDS = (1, 2, 3, 7, 11)
FLOOR_TIER = 0.10
"""A sale within this log ratio of the floor is one of the floor tier."""


@dataclass(frozen=True)
class Statistics:
    """One year of a market. Field names are the rows of the table."""

    valid_sales_a_day: float
    days_without_a_sale: float
    dispersion_of_sales: float
    """Variance over mean of the daily number."""
    memory_of_sales: float
    """Correlation of ln(1 + number) with the day before's."""
    accepted_bids: float
    """Share of the valid sales."""
    private_deals: float
    """Share of the valid sales that were offered to one buyer only."""
    excluded_sales: float
    floor_tier: float
    """Share of the valid sales within `FLOOR_TIER` of the floor."""
    price_over_floor_5: float
    price_over_floor_25: float
    price_over_floor_50: float
    price_over_floor_75: float
    price_over_floor_95: float
    listings_per_sale: float
    replacing_listings: float
    """Share of the listings that replace one of the same punk."""
    private_listings: float
    delistings_per_listing: float
    bids_per_sale: float
    serious_bids: float
    """Share of the bids above half the floor."""
    withdrawals_per_bid: float
    sold_within_a_day: float
    """Share of the buys whose ask stood for less than a day."""
    public_asks: float
    """Median at midnight."""
    asks_near_floor: float
    """Share of the public asks at the end within half again of the floor."""
    dream_asks: float
    """Share of the public asks at the end above ten floors."""
    floor_daily_volatility: float
    unmoved_floors: float
    """Share of days whose floor is the day before's."""
    floor_range: float
    """Highest over lowest."""
    transfers_a_day: float
    wraps_a_day: float


def statistics(events: pl.DataFrame, punks: pl.DataFrame, first: date) -> Statistics:
    """Of the `YEAR` days from `first` on; `events` are the whole history (`EVENT_SCHEMA`)."""
    began = datetime.combine(first, datetime.min.time(), UTC)
    numbered = events.with_row_index("seq", offset=1).filter(pl.col("timestamp") < began + timedelta(days=YEAR))
    timeline = MarketTimeline(Traits.from_frame(punks))
    sales = [sale for sale in timeline.apply(numbered) if sale.time >= began.timestamp()]
    valid = [sale for sale in sales if sale.excluded is None and sale.floor_eth]
    year = _lived(numbered).filter(pl.col("timestamp") >= began)
    kind = pl.col("event_type")
    count = dict(year.group_by("event_type").len().iter_rows())
    listings, bids = year.filter(kind == "listed"), year.filter(kind == "bid")
    floors, asks = _midnights(timeline, int(began.timestamp()))
    ratios = np.array([sale.price_eth / sale.floor_eth for sale in valid if sale.floor_eth])
    a_day = np.bincount([int(sale.time - began.timestamp()) // 86_400 for sale in valid], minlength=YEAR)
    busy = np.log1p(a_day)
    moves = np.diff(np.log(floors))
    book = _book(timeline)
    bid_over_floor = bids["eth"].to_numpy() / floors[(bids["timestamp"] - began).dt.total_days().to_numpy()]
    buys = year.filter(pl.col("sale_kind") == "buy")
    alone = count["delisted"] - buys.height
    private = {seq for (seq,) in buys.filter(pl.col("was_private")).select("seq").iter_rows()}
    return Statistics(
        valid_sales_a_day=len(valid) / YEAR,
        days_without_a_sale=float((a_day == 0).mean()),
        dispersion_of_sales=float(a_day.var() / a_day.mean()),
        memory_of_sales=float(np.corrcoef(busy[1:], busy[:-1])[0, 1]),
        accepted_bids=_share(valid, lambda sale: sale.kind == "accept_bid"),
        private_deals=_share(valid, lambda sale: sale.event_seq in private),
        excluded_sales=1.0 - len(valid) / len(sales),
        floor_tier=float((np.log(ratios) < FLOOR_TIER).mean()),
        **{f"price_over_floor_{part}": float(np.percentile(ratios, part)) for part in (5, 25, 50, 75, 95)},
        listings_per_sale=listings.height / len(valid),
        replacing_listings=float(listings["was_offered"].mean()),  # type: ignore[arg-type]
        private_listings=1.0 - listings["to_address"].null_count() / listings.height,
        delistings_per_listing=alone / listings.height,
        bids_per_sale=bids.height / len(valid),
        serious_bids=float((bid_over_floor > 0.5).mean()),
        withdrawals_per_bid=count["bid_withdrawn"] / bids.height,
        sold_within_a_day=float((buys["ask_age"] < timedelta(days=1)).mean()),  # type: ignore[arg-type]
        public_asks=median(asks.tolist()),
        asks_near_floor=float((book < 1.5).mean()),
        dream_asks=float((book > 10.0).mean()),
        floor_daily_volatility=float(moves.std()),
        unmoved_floors=float((moves == 0).mean()),
        floor_range=float(floors.max() / floors.min()),
        transfers_a_day=count["transfer"] / YEAR,
        wraps_a_day=count["wrap"] / YEAR,
    )


def _lived(events: pl.DataFrame) -> pl.DataFrame:
    """Events with `eth` (the price), `was_offered` (an offer of the punk stood before it) and, for the end of an
    offer, `ask_age` and `was_private`."""
    kind, punk = pl.col("event_type"), pl.col("punk_id")
    ends = kind.is_in(["delisted", "sale", "transfer", "wrap", "unwrap", "claim"])
    # A buy comes right behind the end of its own listing, in the same transaction.
    bought = (kind.shift(-1) == "sale") & (pl.col("tx_hash").shift(-1) == pl.col("tx_hash")) & (kind == "delisted")
    offer = (
        events.with_columns(eth=pl.col("price_wei").cast(pl.Float64) / 1e18, belongs_to_buy=bought)
        .with_columns(
            state=pl.when(kind == "listed").then(pl.lit(1)).when(ends & ~pl.col("belongs_to_buy")).then(pl.lit(0)),
            listed_at=pl.when(kind == "listed").then("timestamp"),
            private=pl.when(kind == "listed").then(pl.col("to_address").is_not_null()),
        )
        .with_columns(
            pl.col("state", "listed_at", "private").forward_fill().shift().over(punk).name.prefix("last_"),
        )
    )
    return offer.with_columns(
        was_offered=pl.col("last_state").fill_null(0) == 1,
        ask_age=pl.col("timestamp") - pl.col("last_listed_at"),
        was_private=pl.col("last_private").fill_null(value=False),
    )


def _midnights(timeline: MarketTimeline, began: int) -> tuple[Floats, Floats]:
    """Floor and number of public asks at the end of each day of the year."""
    board, floors, counts = BookArrays(timeline), np.empty(YEAR), np.empty(YEAR)
    for day in range(YEAR):
        board.advance(began + 86_400 * (day + 1))
        floors[day], counts[day] = np.nanmin(board.ask_eth), np.isfinite(board.ask_eth).sum()
    return floors, counts


def _book(timeline: MarketTimeline) -> Floats:
    """The public asks at the end as multiples of the lowest, ascending."""
    asks = np.sort([ask for punk in range(10_000) if (ask := timeline.asks_now.ask(punk)) is not None])
    return np.asarray(asks / asks[0], dtype=np.float64)


def _share(sales: list[Sale], wanted: Callable[[Sale], bool]) -> float:
    return sum(map(wanted, sales)) / len(sales)


def real_year(folder: Path) -> Statistics:
    return statistics(pl.read_parquet(folder / "events.parquet"), packaged_punks(), REAL_SINCE)


async def simulated_year(seed: int) -> Statistics:
    """The played year of the default market."""
    market = SimulatedMarket(seed=seed, days=YEAR)
    return statistics(await market.fetch(None, market.end), await market.punks(), market.start.date())


async def main(seeds: tuple[int, ...]) -> int:
    real = real_year(market_data_folder())
    simulated = [await simulated_year(seed) for seed in seeds]
    print("| statistic | real year |", " | ".join(f"seed {seed}" for seed in seeds), "| median / real |")
    print("|---|" + "---|" * (len(seeds) + 2))
    for field in fields(Statistics):
        found = [float(getattr(one, field.name)) for one in simulated]
        wanted = float(getattr(real, field.name))
        cells = " | ".join(f"{value:.3g}" for value in [wanted, *found])
        print(f"| {field.name.replace('_', ' ')} | {cells} | {median(found) / wanted:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(tuple(map(int, sys.argv[1:])) or SEEDS)))

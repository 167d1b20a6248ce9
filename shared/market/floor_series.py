"""The floor at every instant of a grid, from a frame of events, vectorised.

A listing stands from its event to the next event that ends it; each instant's floor is the lowest of those standing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.event_types import DELISTED, LISTED, OWNER_CHANGES
from shared.market.state import exact_order, in_eth, is_public_ask

FLOOR_SCHEMA: Final[dict[str, pl.DataType]] = {
    "floor_wei": pl.String(),
    "floor_eth": pl.Float64(),
    "floor_punk": pl.Int64(),
    "public_asks": pl.Int64(),
    "active_asks": pl.Int64(),
}
"""`active_asks` counts every standing listing, private ones included; floor and `public_asks` only what anybody can
take."""

_CELLS_AT_ONCE: Final = 4_000_000
"""How many (listing, instant) pairs are in memory at a time."""

Ints = npt.NDArray[np.int64]


def floor_series(events: pl.DataFrame, instants: pl.Series) -> pl.DataFrame:
    """The floor strictly before each of the ascending `instants` (datetime, UTC): `as_of` and `FLOOR_SCHEMA`.

    `events` are in contract order (`EVENT_SCHEMA`). Without a public ask, floor and floor punk are null; among equal
    asks the lowest punk is the floor punk.
    """
    grid = instants.cast(pl.Datetime("us", "UTC")).dt.epoch("us").to_numpy()
    listings = _listings(events)
    begins = np.searchsorted(grid, listings["begins"].to_numpy(), side="right")
    # The event that ends a listing is not seen yet at its own instant; a listing nothing has ended stands at all.
    ends = np.where(
        listings["ends"].is_null().to_numpy(),
        len(grid),
        np.searchsorted(grid, listings["ends"].fill_null(0).to_numpy(), side="right"),
    )
    public = listings["public"].to_numpy()
    lowest = _lowest(begins, ends, listings["rank"].to_numpy(), public, len(grid))
    floors = listings[np.maximum(lowest, 0).tolist()] if listings.height else listings.clear(len(grid))
    found = pl.Series(lowest >= 0)
    frame = pl.DataFrame(
        {
            "as_of": instants.cast(pl.Datetime("us", "UTC")),
            "floor_wei": floors["price_wei"],
            "floor_punk": floors["punk_id"].cast(pl.Int64),
        }
    ).with_columns(pl.when(found).then(pl.col(name)).alias(name) for name in ("floor_wei", "floor_punk"))
    return frame.with_columns(
        floor_eth=in_eth(frame["floor_wei"]),
        public_asks=pl.Series(_standing(begins[public], ends[public], len(grid))),
        active_asks=pl.Series(_standing(begins, ends, len(grid))),
    ).select("as_of", *FLOOR_SCHEMA)


def daily_floor(events: pl.DataFrame, first: date | None = None, last: date | None = None) -> pl.DataFrame:
    """The floor at the end of each day (UTC) from `first` to `last` (inclusive; None: day of the first and of the last
    event): `date` and `FLOOR_SCHEMA`."""
    if events.is_empty():
        return pl.DataFrame(schema={"date": pl.Date(), **FLOOR_SCHEMA})
    first = first or events["timestamp"][0].date()
    last = last or events["timestamp"][-1].date()
    days = pl.date_range(first, last, eager=True)
    series = floor_series(events, (days + timedelta(days=1)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    return series.drop("as_of").insert_column(0, days.alias("date"))


def grid(first: datetime, last: datetime, step: timedelta) -> pl.Series:
    """Instants from `first` to `last`, both inclusive where the step allows."""
    return pl.datetime_range(first.astimezone(UTC), last.astimezone(UTC), step, time_unit="us", eager=True)


def _listings(events: pl.DataFrame) -> pl.DataFrame:
    """Every listing with its beginning and end (microseconds; null: stands still) and the rank of its price and
    punk among all."""
    relevant = events.filter(pl.col("event_type").is_in((*OWNER_CHANGES, LISTED, DELISTED)))
    at = pl.col("timestamp").dt.epoch("us")
    return (
        relevant.with_columns(begins=at, ends=at.shift(-1).over("punk_id"))
        .filter(pl.col("event_type") == LISTED)
        .select("punk_id", "price_wei", "begins", "ends", public=is_public_ask())
        .sort(*exact_order("price_wei"), "punk_id", "begins")
        .with_row_index("rank")
    )


def _lowest(begins: Ints, ends: Ints, ranks: Ints, public: npt.NDArray[np.bool_], instants: int) -> Ints:
    """Lowest rank standing at each instant, -1 where none does. Rows are in order of rank."""
    covered = np.flatnonzero(public & (ends > begins))
    lowest = np.full(instants, -1, dtype=np.int64)
    lengths = (ends - begins)[covered]
    # Highest ranks first, so that what is written last is the lowest.
    for part in _parts(covered[::-1], lengths[::-1]):
        spans = (ends - begins)[part]
        starts = np.repeat(begins[part] - (np.cumsum(spans) - spans), spans)
        places = starts + np.arange(int(spans.sum()))
        lowest[places] = np.repeat(ranks[part], spans)
    return lowest


def _parts(rows: Ints, lengths: Ints) -> list[Ints]:
    """`rows` cut into parts of at most `_CELLS_AT_ONCE` cells (a single row may have more)."""
    if not len(rows):
        return []
    edges = np.flatnonzero(np.diff(np.cumsum(lengths) // _CELLS_AT_ONCE)) + 1
    return np.split(rows, edges)


def _standing(begins: Ints, ends: Ints, instants: int) -> Ints:
    """How many intervals [begin, end) cover each instant."""
    change = np.bincount(begins, minlength=instants + 1) - np.bincount(ends, minlength=instants + 1)
    return np.cumsum(change)[:instants].astype(np.int64)

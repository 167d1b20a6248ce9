"""The tables that can be exported, each as one frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from services.cli.export import Table
from services.cli.export.book import book_after, daily_floor, in_eth
from services.cli.export.bulk import read_bulk
from shared.database.pool import Connection
from shared.errors import InvalidInputError, NotFoundError
from shared.market.events import EVENT_SCHEMA
from shared.market.valid_sales import Sale
from shared.stores import event_repository
from shared.stores.market_reader import MarketReader

INSTANT: Final = pl.Datetime("us", "UTC")

SALE_SCHEMA: Final[dict[str, pl.DataType]] = {
    "timestamp": INSTANT,
    "block": pl.Int64(),
    "log_index": pl.Int64(),
    "punk_id": pl.Int32(),
    "price_wei": pl.String(),
    "floor_wei": pl.String(),
    "seller": pl.String(),
    "buyer": pl.String(),
    "sale_kind": pl.String(),
    "valid": pl.Boolean(),
    "exclusion": pl.String(),
    "tx_hash": pl.String(),
}
NOWCAST_SCHEMA: Final[dict[str, pl.DataType]] = {
    "generation_id": pl.Int64(),
    "model_id": pl.String(),
    "as_of": INSTANT,
    "published_at": INSTANT,
    "punk_id": pl.Int32(),
    **{f"{name}_wei": pl.String() for name in ("value", "lo50", "hi50", "lo80", "hi80", "lo90", "hi90")},
    "confidence": pl.String(),
}
OUTCOME_SCHEMA: Final[dict[str, pl.DataType]] = {
    "sale_time": INSTANT,
    "block": pl.Int64(),
    "log_index": pl.Int64(),
    "punk_id": pl.Int32(),
    "sale_kind": pl.String(),
    "horizon": pl.String(),
    "track": pl.String(),
    "model_id": pl.String(),
    "generation_id": pl.Int64(),
    "published_at": INSTANT,
    "value_wei": pl.String(),
    "price_wei": pl.String(),
    "floor_wei": pl.String(),
    "log_error": pl.Float64(),
    "in50": pl.Boolean(),
    "in80": pl.Boolean(),
    "in90": pl.Boolean(),
    "scored_at": INSTANT,
    "tx_hash": pl.String(),
}

EXPORT_SALES_SQL = """
select s.event_time, s.block, s.log_index, s.punk_id, s.price_wei::text, s.floor_wei::text, s.seller, s.buyer,
       s.kind, s.valid, s.exclusion, s.tx_hash
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
order by s.block, s.log_index
"""
UNDERIVED_SALES_SQL = """
select exists (
    select from market_events e
    where e.event_type = 'sale' and e.superseded_at is null
      and not exists (select from sales s where s.event_seq = e.seq)
)
"""
# What a reader saw at the instant: the last publication up to it. Without an instant: what the pointer shows.
SHOWN_AT_SQL = """
select generation_id from generations
where role = 'champion' and published_at <= $1
order by published_at desc, generation_id desc
limit 1
"""
SHOWN_NOW_SQL = "select generation_id from nowcast_pointer"
EXPORT_NOWCASTS_SQL = """
select g.generation_id, g.model_id, g.as_of, g.published_at, n.punk_id, n.value_wei::text, n.lo50_wei::text,
       n.hi50_wei::text, n.lo80_wei::text, n.hi80_wei::text, n.lo90_wei::text, n.hi90_wei::text, n.confidence::text
from generations g
join nowcasts n using (generation_id)
where g.generation_id = $1
order by n.punk_id
"""
EXPORT_OUTCOMES_SQL = """
select s.event_time, s.block, s.log_index, s.punk_id, s.kind, o.horizon, o.track, o.model_id, o.generation_id,
       g.published_at, o.value_wei::text, o.price_wei::text, o.floor_wei::text, o.log_error, o.in50, o.in80, o.in90,
       o.scored_at, s.tx_hash
from outcomes o
join sales s using (event_seq)
join generations g using (generation_id)
order by s.block, s.log_index, o.track, o.horizon, o.model_id
"""


@dataclass(frozen=True)
class Window:
    """What to export of a table: `first` inclusive, `last` exclusive, by the time things happened; `as_of`: only what
    was known strictly before it."""

    first: datetime | None = None
    last: datetime | None = None
    as_of: datetime | None = None

    def of(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """The rows within, by the instant in `column`."""
        at = pl.col(column)
        if self.first is not None:
            frame = frame.filter(at >= self.first)
        for end in (self.last, self.as_of):
            if end is not None:
                frame = frame.filter(at < end)
        return frame


async def load(connection: Connection, table: Table, window: Window) -> pl.DataFrame:
    """The table's rows in `window`.

    Raises:
        InvalidInputError: the window has bounds that mean nothing for this table.
        NotFoundError: there was no nowcast at that instant, or its values are gone.
        MarketNotReadyError: sales have to be derived first, and there are no punks.
    """
    if table in (Table.BOOK, Table.NOWCASTS) and (window.first or window.last):
        raise InvalidInputError(f"{table} is the state at one instant: use --as-of instead of --from and --to")
    if window.first is not None and window.last is not None and window.first >= window.last:
        raise InvalidInputError("--from must be before --to")
    return await _LOADERS[table](connection, window)


async def _events(connection: Connection, window: Window) -> pl.DataFrame:
    events = await event_repository.read_events(connection)
    return window.of(events.select(EVENT_SCHEMA.keys()), "timestamp")


async def _sales(connection: Connection, window: Window) -> pl.DataFrame:
    stored = await read_bulk(connection, EXPORT_SALES_SQL, schema=SALE_SCHEMA)
    if await connection.fetchval(UNDERIVED_SALES_SQL):
        # After an import the ingestor has not derived them yet; the same fold does it here. What is stored stays.
        key = ["block", "log_index"]
        derived = _as_frame(await _derived(connection)).join(stored, on=key, how="anti")
        stored = pl.concat([stored, derived]).sort(key)
    stored = stored.insert_column(5, in_eth(stored["price_wei"]).alias("price_eth"))
    return window.of(stored, "timestamp")


async def _derived(connection: Connection) -> list[Sale]:
    reader = MarketReader()
    async with reader.alone():
        return await reader.refresh(connection)


def _as_frame(sales: list[Sale]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "timestamp": [sale.time * 1_000_000 for sale in sales],
            "block": [sale.block for sale in sales],
            "log_index": [sale.log_index for sale in sales],
            "punk_id": [sale.punk_id for sale in sales],
            "price_wei": [str(sale.price_wei) for sale in sales],
            "floor_wei": [None if sale.floor_wei is None else str(sale.floor_wei) for sale in sales],
            "seller": [sale.seller for sale in sales],
            "buyer": [sale.buyer for sale in sales],
            "sale_kind": [sale.kind for sale in sales],
            "valid": [sale.excluded is None for sale in sales],
            "exclusion": [None if sale.excluded is None else sale.excluded.value for sale in sales],
            "tx_hash": [sale.tx_hash for sale in sales],
        },
        schema=SALE_SCHEMA | {"timestamp": pl.Int64()},
    ).with_columns(pl.col("timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


async def _floor(connection: Connection, window: Window) -> pl.DataFrame:
    events = await event_repository.read_events(connection)
    if window.as_of is not None:
        events = events.filter(pl.col("timestamp") < window.as_of)
    days = daily_floor(events)
    ended = pl.col("date").cast(INSTANT) + timedelta(days=1)
    if window.as_of is not None:
        days = days.filter(ended <= window.as_of)
    begins = days.with_columns(begins=pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    return Window(window.first, window.last).of(begins, "begins").drop("begins")


async def _book(connection: Connection, window: Window) -> pl.DataFrame:
    events = await event_repository.read_events(connection)
    if events.is_empty():
        raise NotFoundError("there are no events yet; run `punkcast import DIR` or let the ingestor run once")
    punks = book_after(window.of(events, "timestamp"))
    for amount in ("bid", "ask"):
        place = punks.columns.index(f"{amount}_wei") + 1
        punks = punks.insert_column(place, in_eth(punks[f"{amount}_wei"]).alias(f"{amount}_eth"))
    return punks


async def _nowcasts(connection: Connection, window: Window) -> pl.DataFrame:
    if window.as_of is None:
        generation = await connection.fetchval(SHOWN_NOW_SQL)
    else:
        generation = await connection.fetchval(SHOWN_AT_SQL, window.as_of)
    if generation is None:
        raise NotFoundError("no nowcast was published by then; `punkcast status` tells what is published")
    values = await read_bulk(connection, EXPORT_NOWCASTS_SQL, generation, schema=NOWCAST_SCHEMA)
    if values.is_empty():
        raise NotFoundError(f"the values of generation {generation} are no longer in the database; see its archive")
    return values.insert_column(6, in_eth(values["value_wei"]).alias("value_eth"))


async def _outcomes(connection: Connection, window: Window) -> pl.DataFrame:
    scored = await read_bulk(connection, EXPORT_OUTCOMES_SQL, schema=OUTCOME_SCHEMA)
    known = Window(as_of=window.as_of).of(scored, "scored_at")
    return Window(window.first, window.last).of(known, "sale_time")


_LOADERS: Final[dict[Table, Callable[[Connection, Window], Awaitable[pl.DataFrame]]]] = {
    Table.EVENTS: _events,
    Table.SALES: _sales,
    Table.FLOOR: _floor,
    Table.BOOK: _book,
    Table.NOWCASTS: _nowcasts,
    Table.OUTCOMES: _outcomes,
}

"""The tables that can be exported, each as one frame."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from services.cli.export import Table
from services.cli.export.book import book_after, daily_floor, in_eth
from services.cli.export.bulk import read_bulk
from services.cli.published import archived_lines
from shared.database.pool import Connection
from shared.errors import InvalidInputError, NotFoundError
from shared.market.events import EVENT_SCHEMA
from shared.market.sale_labels import Labels
from shared.market.valid_sales import Sale
from shared.storage.object_store import ObjectStore
from shared.stores import event_repository
from shared.stores.market_reader import MarketReader

INSTANT: Final = pl.Datetime("us", "UTC")

EXPORT_SALES_SQL = """
select s.event_time as timestamp, s.block, s.log_index, s.punk_id, s.price_wei, s.floor_wei, s.seller, s.buyer,
       s.kind as sale_kind, s.valid, s.exclusion, s.channel, s.pass_through, s.true_buyer, s.dealer, s.wrapped,
       s.tx_hash
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
order by s.block, s.log_index
"""
UNDERIVED_SALES_SQL = """
select exists (
    select from market_events e
    where e.event_type = 'sale' and e.superseded_at is null
      and not exists (select from sales s where s.event_seq = e.seq and s.channel is not null)
)
"""
_LABELS: Final = tuple(field.name for field in fields(Labels))
# At an instant, readers saw the last publication up to it. Without an instant, the pointer names the publication.
SHOWN_AT_SQL = """
select generation_id from generations
where role = 'champion' and published_at <= $1
order by published_at desc, generation_id desc
limit 1
"""
SHOWN_NOW_SQL = "select generation_id from nowcast_pointer"
EXPORT_NOWCASTS_SQL = """
select g.generation_id, g.model_id, g.as_of, g.published_at, n.punk_id, n.value_wei, n.lo50_wei, n.hi50_wei,
       n.lo80_wei, n.hi80_wei, n.lo90_wei, n.hi90_wei, n.confidence::text
from generations g
join nowcasts n using (generation_id)
where g.generation_id = $1
order by n.punk_id
"""
EXPORT_GENERATION_SQL = """
select generation_id, model_id, as_of, published_at, row_count from generations where generation_id = $1
"""
EXPORT_OUTCOMES_SQL = """
select s.event_time as sale_time, s.block, s.log_index, s.punk_id, s.kind as sale_kind, o.horizon, o.track, o.model_id,
       o.generation_id, g.published_at, o.value_wei, o.price_wei, o.floor_wei, o.log_error, o.in50, o.in80, o.in90,
       o.scored_at, s.tx_hash
from outcomes o
join sales s using (event_seq)
join generations g using (generation_id)
order by s.block, s.log_index, o.track, o.horizon, o.model_id
"""


@dataclass(frozen=True)
class Window:
    """The part of a table to export: `first` inclusive, `last` exclusive, by the time of the event. `as_of`: only what
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


async def load(connection: Connection, store: ObjectStore, table: Table, window: Window) -> pl.DataFrame:
    """The table's rows in `window`. Old nowcasts are read from their files in `store`.

    Raises:
        InvalidInputError: the window has bounds that this table does not take.
        NotFoundError: there was no nowcast at that instant, or its values are gone.
        MarketNotReadyError: sales have to be derived first, and there are no punks.
    """
    if table in (Table.BOOK, Table.NOWCASTS) and (window.first or window.last):
        raise InvalidInputError(f"{table} is the state at one instant: use --as-of instead of --from and --to")
    if window.first is not None and window.last is not None and window.first >= window.last:
        raise InvalidInputError("--from must be before --to")
    if table == Table.NOWCASTS:
        return await _nowcasts(connection, store, window)
    return await _LOADERS[table](connection, window)


async def _events(connection: Connection, window: Window) -> pl.DataFrame:
    events = await event_repository.read_events(connection)
    return window.of(events.select(EVENT_SCHEMA.keys()), "timestamp")


async def _sales(connection: Connection, window: Window) -> pl.DataFrame:
    stored = await read_bulk(connection, EXPORT_SALES_SQL)
    if await connection.fetchval(UNDERIVED_SALES_SQL):
        # After an import or an upgrade, the ingestor has not derived all of them yet. The same fold derives them here,
        # without storing them.
        key = ["block", "log_index"]
        derived = _as_frame(await _derived(connection), stored.schema)
        labelled = stored.drop(_LABELS).join(derived.select(*key, *_LABELS), on=key).select(stored.columns)
        stored = pl.concat([labelled, derived.join(stored, on=key, how="anti")]).sort(key)
    stored = stored.insert_column(5, in_eth(stored["price_wei"]).alias("price_eth"))
    return window.of(stored, "timestamp")


async def _derived(connection: Connection) -> list[Sale]:
    reader = MarketReader()
    async with reader.alone():
        return await reader.refresh(connection)


def _as_frame(sales: list[Sale], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
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
            **{name: [getattr(sale.labels, name) for sale in sales] for name in _LABELS},
            "tx_hash": [sale.tx_hash for sale in sales],
        },
        schema={**schema, "timestamp": pl.Int64()},
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
        position = punks.columns.index(f"{amount}_wei") + 1
        punks = punks.insert_column(position, in_eth(punks[f"{amount}_wei"]).alias(f"{amount}_eth"))
    return punks


async def _nowcasts(connection: Connection, store: ObjectStore, window: Window) -> pl.DataFrame:
    if window.as_of is None:
        generation = await connection.fetchval(SHOWN_NOW_SQL)
    else:
        generation = await connection.fetchval(SHOWN_AT_SQL, window.as_of)
    if generation is None:
        raise NotFoundError("no nowcast was published by then; `punkcast status` tells what is published")
    values = await read_bulk(connection, EXPORT_NOWCASTS_SQL, generation)
    facts = await read_bulk(connection, EXPORT_GENERATION_SQL, generation)
    if values.height != facts["row_count"].item():
        # Retention leaves single rows.
        try:
            lines = await archived_lines(connection, store, generation)
        except NotFoundError as error:
            raise NotFoundError(
                f"the values of generation {generation} are no longer in the database; see its archive ({error})"
            ) from error
        columns = dict(list(values.schema.items())[facts.width - 1 :])
        values = facts.drop("row_count").join(pl.read_csv(lines, has_header=False, schema=columns), how="cross")
    return values.insert_column(6, in_eth(values["value_wei"]).alias("value_eth"))


async def _outcomes(connection: Connection, window: Window) -> pl.DataFrame:
    scored = await read_bulk(connection, EXPORT_OUTCOMES_SQL)
    scored_then = Window(as_of=window.as_of).of(scored, "scored_at")
    return Window(window.first, window.last).of(scored_then, "sale_time")


_LOADERS: Final[dict[Table, Callable[[Connection, Window], Awaitable[pl.DataFrame]]]] = {
    Table.EVENTS: _events,
    Table.SALES: _sales,
    Table.FLOOR: _floor,
    Table.BOOK: _book,
    Table.OUTCOMES: _outcomes,
}

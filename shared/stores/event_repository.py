"""Market events in PostgreSQL, appended exactly once in contract order and read in bulk; punks and ETH/USD closes.

COPY carries events in both directions as text that polars writes and parses, so no event becomes a Python object.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final

import polars as pl

from shared.errors import ConflictError
from shared.market.events import EVENT_SCHEMA, contract_key, contract_keys, validate
from shared.market.reference_data import ETH_USD_SCHEMA, PUNK_SCHEMA, validate_eth_usd, validate_punks

if TYPE_CHECKING:
    from shared.database.pool import Connection

STORED_EVENT_SCHEMA: Final[dict[str, pl.DataType]] = {
    "seq": pl.Int64(),
    **EVENT_SCHEMA,
    "known_at": pl.Datetime("us", "UTC"),
}
"""A stored event. `seq` numbers the events of this database from 1 without gaps; the events that are current at any
time ascend in contract order. `known_at` is when the platform learned of the event; for history, the time of the event.
"""

# One writer at a time: `seq` follows contract order, and two writers would interleave.
LOCK_EVENTS_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.market_events', 0))"
LAST_SEQ_SQL = "select coalesce(max(seq), 0) from market_events"
LAST_EVENT_SQL = """
    select block, log_index, event_time from market_events
    where superseded_at is null order by block desc, log_index desc limit 1
"""
ADVANCE_SEQ_SQL = "select setval(pg_get_serial_sequence('market_events', 'seq'), $1)"
_SELECT_EVENTS = """
    select seq, event_time at time zone 'UTC', block, tx_index, log_index, punk_id, event_type,
           price_wei::text, from_address, to_address, sale_kind, tx_hash, known_at at time zone 'UTC'
    from market_events
"""
READ_EVENTS_SQL = f"{_SELECT_EVENTS} where seq > $1 and superseded_at is null order by seq"
READ_NEXT_SQL = f"{READ_EVENTS_SQL} limit $2"
# A revision superseded the current events in its range. So an event was current when `$2` was the newest, unless an
# earlier revision covers it.
READ_PAST_SQL = f"""{_SELECT_EVENTS}
    where seq > $1 and seq <= $2 and not exists (
        select from market_revisions r where seq between r.first_seq and r.last_seq and r.last_seq < $2)
    order by seq
"""
READ_RANGE_SQL = f"""{_SELECT_EVENTS}
    where (block, log_index) between ($1, $2) and ($3, $4) and superseded_at is null order by block, log_index
"""

COUNT_PUNKS_SQL = "select count(*) from punks"
LOAD_PUNKS_SQL = "select punk_id, type, skin, accessories from punks order by punk_id"
STORE_ETH_USD_SQL = """
    insert into eth_usd_daily (date, close) select * from unnest($1::date[], $2::double precision[])
    on conflict (date) do nothing
"""
LAST_CLOSE_DATE_SQL = "select max(date) from eth_usd_daily"
LOAD_ETH_USD_SQL = "select date, close from eth_usd_daily order by date"

_COPY_COLUMNS: Final = {
    "seq": "seq",
    "timestamp": "event_time",
    "known_at": "known_at",
    **{name: name for name in EVENT_SCHEMA if name != "timestamp"},
}
_INSTANTS: Final = ("timestamp", "known_at")
_ROWS_AT_ONCE: Final = 20_000
_MANY: Final = 10_000
_A_FEW: Final = 500
"""Below this number of rows, a prepared query is faster than a COPY."""


@dataclass(frozen=True)
class AppendResult:
    """Result of an append. `last_seq`, `last_block`: of the newest stored event (0 without one); `first_seq`: of the
    first appended event, None without one.
    """

    appended: int
    first_seq: int | None
    last_seq: int
    last_block: int


async def lock(connection: Connection) -> None:
    """Be the only writer of events until this transaction ends."""
    await connection.execute(LOCK_EVENTS_SQL)


async def append_events(
    connection: Connection,
    frame: pl.DataFrame,
    *,
    known_at: datetime | None = None,
    news_since: datetime | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> AppendResult:
    """Append the events that are not stored yet. Call it in a transaction: it is all or nothing.

    The natural key of an event is `(block, log_index)`. Events that are already stored are compared and skipped.

    Args:
        known_at: when the platform learned of the events; None for history, which means the time of each event.
        news_since: earlier events count as history.
        on_progress: called with the number of events sent or skipped since the last call.

    Raises:
        InvalidInputError: the frame breaks a rule of `events.validate`.
        ConflictError: an event differs from the stored one with its key, or precedes the last stored event.
    """
    frame = validate(frame, "events")
    await lock(connection)
    last_seq = int(await connection.fetchval(LAST_SEQ_SQL))
    last = await connection.fetchrow(LAST_EVENT_SQL)
    stored = 0
    if last is not None and frame.height:
        stored = int((contract_keys(frame) <= contract_key(last["block"], last["log_index"])).sum())
    if stored:
        await _check_stored(connection, frame.head(stored))
        on_progress(stored)
    fresh = frame.slice(stored)
    if fresh.height:
        if last is not None and fresh["timestamp"][0] < last["event_time"]:
            raise ConflictError(
                f"{_place(fresh)} happened at {fresh['timestamp'][0]}, before the stored event it follows "
                f"({last['event_time']}); nothing was changed"
            )
        await _copy_in(connection, fresh, last_seq + 1, _known(known_at, news_since), on_progress)
        await connection.execute(ADVANCE_SEQ_SQL, last_seq + fresh.height)
        if fresh.height >= _MANY:
            # Without statistics, the planner scans a whole index for the three newest events.
            await connection.execute("analyze market_events")
    last_block = int(fresh["block"][-1]) if fresh.height else (int(last["block"]) if last else 0)
    return AppendResult(
        appended=fresh.height,
        first_seq=last_seq + 1 if fresh.height else None,
        last_seq=last_seq + fresh.height,
        last_block=last_block,
    )


async def read_events(connection: Connection, after_seq: int = 0, *, up_to: int | None = None) -> pl.DataFrame:
    """Current events with `seq` above `after_seq` (`STORED_EVENT_SCHEMA`), by `seq`.

    `up_to`: read the events that were current when this number was the newest; later reorganisations change nothing.
    """
    if up_to is not None:
        return await _copy_out(connection, READ_PAST_SQL, after_seq, up_to)
    rows = await connection.fetch(READ_NEXT_SQL, after_seq, _A_FEW)
    if len(rows) == _A_FEW:
        return await _copy_out(connection, READ_EVENTS_SQL, after_seq)
    schema = STORED_EVENT_SCHEMA | dict.fromkeys(_INSTANTS, pl.Datetime("us"))
    frame = pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")
    return frame.with_columns(pl.col(*_INSTANTS).dt.replace_time_zone("UTC"))


async def last_place(connection: Connection) -> tuple[int, int] | None:
    """`(block, log_index)` of the newest event, the `after` of the next fetch; None without events."""
    row = await connection.fetchrow(LAST_EVENT_SQL)
    return None if row is None else (int(row["block"]), int(row["log_index"]))


async def store_punks(connection: Connection, punks: pl.DataFrame) -> int:
    """Store the punks (`PUNK_SCHEMA`) once. Returns the number of rows added.

    Raises:
        InvalidInputError: the frame breaks a rule.
        ConflictError: other attributes are stored; attributes never change.
    """
    punks = validate_punks(punks, "punks")
    await lock(connection)
    if await connection.fetchval(COUNT_PUNKS_SQL):
        if (await load_punks(connection)).equals(punks):
            return 0
        raise ConflictError("other punk attributes are stored already; they never change, use another database")
    await connection.copy_records_to_table("punks", records=punks.iter_rows(), columns=list(PUNK_SCHEMA))
    return punks.height


async def load_punks(connection: Connection) -> pl.DataFrame:
    """All punks (`PUNK_SCHEMA`) by id; empty before they are stored."""
    rows = await connection.fetch(LOAD_PUNKS_SQL)
    return pl.DataFrame([tuple(row) for row in rows], schema=PUNK_SCHEMA, orient="row")


async def store_eth_usd(connection: Connection, closes: pl.DataFrame) -> None:
    """Store closes (`ETH_USD_SCHEMA`) of days without one. A day keeps its first close, so that computations from it
    can be repeated.

    Raises:
        InvalidInputError: the frame breaks a rule.
    """
    closes = validate_eth_usd(closes, "ETH/USD closes")
    await connection.execute(STORE_ETH_USD_SQL, closes["date"].to_list(), closes["eth_usd"].to_list())


async def last_close_date(connection: Connection) -> date | None:
    """The newest day with a stored close."""
    day: date | None = await connection.fetchval(LAST_CLOSE_DATE_SQL)
    return day


async def punks_known(connection: Connection) -> bool:
    """Whether the punks are stored."""
    return bool(await connection.fetchval(COUNT_PUNKS_SQL))


async def load_eth_usd(connection: Connection) -> pl.DataFrame:
    """All closes (`ETH_USD_SCHEMA`) by date."""
    rows = await connection.fetch(LOAD_ETH_USD_SQL)
    return pl.DataFrame([tuple(row) for row in rows], schema=ETH_USD_SCHEMA, orient="row")


async def _check_stored(connection: Connection, frame: pl.DataFrame) -> None:
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    stored = await _copy_out(
        connection, READ_RANGE_SQL, first["block"], first["log_index"], last["block"], last["log_index"]
    )
    stored = stored.select(EVENT_SCHEMA.keys())
    if stored.equals(frame):
        return
    compared = frame.join(stored, on=["block", "log_index"], how="left", suffix="_stored", maintain_order="left")
    missing = compared.filter(pl.col("event_type_stored").is_null())
    if missing.height:
        raise ConflictError(
            f"{_place(missing)} comes before the newest stored event but is not stored; "
            "import history in contract order, into an empty database if it has to start earlier"
        )
    values = [name for name in EVENT_SCHEMA if name not in ("block", "log_index")]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_stored")) for name in values)
    different = compared.filter(differs)
    if different.height:
        row = different.row(0, named=True)
        name = next(name for name in values if row[name] != row[f"{name}_stored"])
        raise ConflictError(
            f"{_place(different)} is stored with {name} {row[f'{name}_stored']!r}, not {row[name]!r}; "
            "one of the two sources is wrong, nothing was changed"
        )


def _known(known_at: datetime | None, news_since: datetime | None) -> pl.Expr:
    happened, instant = pl.col("timestamp"), pl.Datetime("us", "UTC")
    if known_at is None:
        return happened
    known = pl.lit(known_at.astimezone(UTC), instant)
    if news_since is None:
        return known
    return pl.when(happened < pl.lit(news_since.astimezone(UTC), instant)).then(happened).otherwise(known)


def _place(frame: pl.DataFrame) -> str:
    return f"event at block {frame['block'][0]}, log_index {frame['log_index'][0]}"


async def _copy_in(
    connection: Connection, frame: pl.DataFrame, first_seq: int, known_at: pl.Expr, on_progress: Callable[[int], None]
) -> None:
    rows = frame.with_columns(
        seq=pl.int_range(first_seq, first_seq + pl.len(), dtype=pl.Int64), known_at=known_at
    ).select(_COPY_COLUMNS.keys())
    text, columns = _copy_text(rows, on_progress), list(_COPY_COLUMNS.values())
    await connection.copy_to_table("market_events", source=text, columns=columns, format="text")


async def _copy_text(rows: pl.DataFrame, on_progress: Callable[[int], None]) -> AsyncIterator[bytes]:
    """Rows in the text format of COPY. No escaping: validated events hold no character that needs it."""
    for part in rows.iter_slices(_ROWS_AT_ONCE):
        body = BytesIO()
        part.write_csv(
            body,
            include_header=False,
            separator="\t",
            null_value="\\N",
            quote_style="never",
            datetime_format="%Y-%m-%d %H:%M:%S%.6f+00",
        )
        yield body.getvalue()
        on_progress(part.height)


async def _copy_out(connection: Connection, query: str, *arguments: object) -> pl.DataFrame:
    body = BytesIO()
    await connection.copy_from_query(query, *arguments, output=body, format="csv")
    if not body.tell():
        return pl.DataFrame(schema=STORED_EVENT_SCHEMA)
    body.seek(0)
    frame = pl.read_csv(body, has_header=False, schema=STORED_EVENT_SCHEMA | dict.fromkeys(_INSTANTS, pl.String()))
    instants = pl.col(*_INSTANTS).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us").dt.replace_time_zone("UTC")
    return frame.with_columns(instants)

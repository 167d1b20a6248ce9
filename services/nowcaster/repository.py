"""Generations in Postgres: written completely, then published by moving one pointer row."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from io import BytesIO

import numpy as np
import polars as pl

from shared.database.pool import Connection
from shared.market.series import Floats
from shared.valuation.calibration import Calibration
from shared.valuation.generation import Generation
from shared.valuation.snapshot import Snapshot

INSERT_GENERATION_SQL = """
insert into generations (role, model_id, snapshot_id, as_of, published_at, row_count, floor_wei, last_block,
                         values_sha256, merkle_root, interval_offsets, value_shifts)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (model_id, as_of, role) do nothing
returning generation_id
"""
MOVE_POINTER_SQL = """
insert into nowcast_pointer (only_row, generation_id, moved_at) values (true, $1, $2)
on conflict (only_row) do update set generation_id = excluded.generation_id, moved_at = excluded.moved_at
"""
CURRENT_SQL = """
select g.generation_id, g.as_of, g.model_id from nowcast_pointer p join generations g using (generation_id)
"""
# One publisher at a time, and no concurrent promotion or rollback.
LOCK_PUBLISHING_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.nowcast_pointer', 0))"
LOCK_CHAMPION_SQL = "select model_id from model_pointer for share"
LAST_GENERATION_SQL = """
select generation_id, as_of from generations where model_id = $1 order by generation_id desc limit 1
"""
LAST_VALUES_SQL = """
select value_wei::float8 / 1e18 as value_eth from nowcasts where generation_id = $1 order by punk_id
"""
NOTE_FAILURE_SQL = """
insert into nowcast_failures (model_id, as_of, role, refused, reason, valued_by, failed_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (model_id, as_of) do nothing
"""
UNARCHIVED_GENERATIONS_SQL = """
select g.generation_id, g.snapshot_id, g.as_of, s.last_event_seq
from generations g
join snapshots s using (snapshot_id)
left join archives a on a.kind = 'generation' and a.id = g.generation_id::text
where a.id is null and g.generation_id > $1
order by g.generation_id
limit $2
"""
GENERATION_ROWS_SQL = """
select punk_id, value_wei::text, lo50_wei::text, hi50_wei::text, lo80_wei::text, hi80_wei::text, lo90_wei::text,
       hi90_wei::text, confidence::text
from nowcasts where generation_id = $1 order by punk_id
"""


@dataclass(frozen=True)
class Current:
    """The published generation."""

    generation_id: int
    as_of: datetime
    model_id: str


@dataclass(frozen=True)
class Unarchived:
    """A published generation that is not archived; its snapshot is from the events up to `last_event_seq`."""

    generation_id: int
    snapshot_id: str
    as_of: datetime
    last_event_seq: int


@dataclass(frozen=True)
class LastValues:
    """A model's newest values (ETH, by punk id) and their instant."""

    as_of: datetime
    values_eth: Floats


@dataclass(frozen=True)
class Failure:
    """A model that failed a cycle through its own fault; `valued_by` names the models that succeeded."""

    model_id: str
    as_of: datetime
    role: str
    refused: bool
    reason: str
    valued_by: tuple[str, ...]
    failed_at: datetime


async def current(connection: Connection) -> Current | None:
    row = await connection.fetchrow(CURRENT_SQL)
    return None if row is None else Current(**dict(row))


async def lock(connection: Connection) -> tuple[str | None, Current | None]:
    """Lock both pointers until this transaction ends. Returns the champion's id and the published generation."""
    await connection.execute(LOCK_PUBLISHING_SQL)
    champion: str | None = await connection.fetchval(LOCK_CHAMPION_SQL)
    return champion, await current(connection)


async def last_values(connection: Connection, model_id: str) -> LastValues | None:
    """The values of the model's newest generation."""
    newest = await connection.fetchrow(LAST_GENERATION_SQL, model_id)
    if newest is None:
        return None
    rows = await connection.fetch(LAST_VALUES_SQL, newest["generation_id"])
    return LastValues(newest["as_of"], np.array([row["value_eth"] for row in rows]))


async def note_failures(connection: Connection, failures: Sequence[Failure]) -> None:
    """Record failures (idempotent)."""
    await connection.executemany(NOTE_FAILURE_SQL, [astuple(failure) for failure in failures])


async def write(
    connection: Connection,
    generation: Generation,
    *,
    role: str,
    model_id: str,
    snapshot: Snapshot,
    floor_wei: int,
    merkle_root: str,
    calibration: Calibration,
    at: datetime,
) -> int | None:
    """Insert the generation and its rows; None if this model already valued this instant in this role."""
    generation_id: int | None = await connection.fetchval(
        INSERT_GENERATION_SQL,
        role,
        model_id,
        snapshot.snapshot_id,
        snapshot.as_of,
        at,
        generation.frame.height,
        floor_wei,
        snapshot.last_block,
        generation.values_sha256,
        merkle_root,
        calibration.offsets.tolist(),
        calibration.shifts.tolist(),
    )
    if generation_id is None:
        return None
    rows = generation.frame.select(pl.lit(generation_id).alias("generation_id"), pl.all())
    await connection.copy_to_table(
        "nowcasts", source=BytesIO(rows.write_csv(include_header=False).encode()), columns=rows.columns, format="csv"
    )
    return generation_id


async def move_pointer(connection: Connection, generation_id: int, *, at: datetime) -> None:
    await connection.execute(MOVE_POINTER_SQL, generation_id, at)


async def unarchived(connection: Connection, *, after: int, limit: int) -> list[Unarchived]:
    """Generations that are not archived, oldest first."""
    return [Unarchived(**dict(row)) for row in await connection.fetch(UNARCHIVED_GENERATIONS_SQL, after, limit)]


async def generation_rows(connection: Connection, generation_id: int) -> pl.DataFrame:
    """The published rows, in punk order."""
    rows = await connection.fetch(GENERATION_ROWS_SQL, generation_id)
    return pl.DataFrame([dict(row) for row in rows], schema_overrides={"punk_id": pl.Int16})

"""Reasons and days in Postgres, and who works them out; which nowcast was in force, and what the one before it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from shared.database.pool import Connection
from shared.market.daily import MarketDay
from shared.market.series import Ints
from shared.valuation.calibration import Calibration
from shared.valuation.model import ValuationModel

KEPT = 4
"""Generations whose reasons stay; a megabyte each. Those of any instant can be made again."""

_PUBLISHED = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.published_at, s.last_event_seq,
       g.interval_offsets, g.value_shifts
from generations g join snapshots s using (snapshot_id)
"""
UNEXPLAINED_SQL = f"""{_PUBLISHED}
join nowcast_pointer using (generation_id) left join explanations e using (generation_id)
where e.generation_id is null
"""
IN_FORCE_SQL = f"""{_PUBLISHED}
where g.role = 'champion' and g.published_at <= $1 order by g.generation_id desc limit 1
"""
BEFORE_SQL = f"""{_PUBLISHED}
where g.role = 'champion' and g.generation_id < $1 and g.as_of < $2 order by g.generation_id desc limit 1
"""
CLAIM_SQL = "select pg_try_advisory_lock(hashtextextended('punkcast.explanations.' || $1::bigint, 0))"
REASONS_SQL = "select body from explanations where generation_id = $1"
MICRO_ETH_SQL = """
select (value_wei / 1000000000000)::bigint as micro from nowcasts where generation_id = $1 order by punk_id
"""
WRITE_SQL = """
insert into explanations (generation_id, made_at, body) values ($1, $2, $3) on conflict (generation_id) do nothing
"""
FORGET_SQL = """
delete from explanations
where generation_id < (select min(generation_id) from
    (select generation_id from explanations order by generation_id desc limit $1) as newest)
"""
NEWEST_DAY_SQL = "select max(date) from market_days"
WRITE_DAY_SQL = """
insert into market_days (date, floor_wei, index_eth) values ($1, $2::text::numeric, $3)
on conflict (date) do update set floor_wei = excluded.floor_wei, index_eth = excluded.index_eth
where (market_days.floor_wei, market_days.index_eth) is distinct from (excluded.floor_wei, excluded.index_eth)
"""


@dataclass(frozen=True)
class Published:
    """A generation that readers saw, made from the events up to `last_event_seq`. `offsets` and `shifts` are of its
    calibration; None before these were recorded."""

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    last_event_seq: int
    offsets: list[list[list[float]]] | None
    shifts: list[float] | None

    def calibration(self, model: ValuationModel) -> Calibration | None:
        """What the model made it with; None where that is not on record, or another model made it."""
        return model.recorded(self.offsets, self.shifts) if model.model_id == self.model_id else None


async def unexplained(connection: Connection) -> Published | None:
    """What the pointer shows, unless its reasons are there already."""
    return await _published(connection, UNEXPLAINED_SQL)


async def in_force(connection: Connection, instant: datetime) -> Published | None:
    """The newest nowcast that was published by then."""
    return await _published(connection, IN_FORCE_SQL, instant)


async def before(connection: Connection, nowcast: Published) -> Published | None:
    """The nowcast of an earlier instant that it took the place of."""
    return await _published(connection, BEFORE_SQL, nowcast.generation_id, nowcast.as_of)


async def micro_eth(connection: Connection, generation_id: int) -> Ints:
    """A generation's values by punk; empty when they are not kept any more."""
    rows = await connection.fetch(MICRO_ETH_SQL, generation_id)
    return np.array([row["micro"] for row in rows], dtype=np.int64)


async def reasons(connection: Connection, generation_id: int) -> bytes | None:
    """A generation's reasons, if they are there."""
    found: bytes | None = await connection.fetchval(REASONS_SQL, generation_id)
    return found


async def claim(connection: Connection, generation_id: int) -> bool:
    """Whether the work on a generation falls to whoever asks: nobody else is at it, and nobody has done it.

    The claim lasts as long as the connection is kept. PostgreSQL frees it when the process dies.
    """
    if not await connection.fetchval(CLAIM_SQL, generation_id):
        return False
    # Asked after the claim: the one who had it before may have ended just now.
    return await reasons(connection, generation_id) is None


async def write(connection: Connection, generation_id: int, explained: bytes, *, at: datetime) -> None:
    """Keep it, and forget those of old generations."""
    await connection.execute(WRITE_SQL, generation_id, at, explained)
    await connection.execute(FORGET_SQL, KEPT)


async def write_days(connection: Connection, days: Sequence[MarketDay]) -> None:
    """Write, or correct, days."""
    rows = [(day.date, None if day.floor_wei is None else str(day.floor_wei), day.index_eth) for day in days]
    await connection.executemany(WRITE_DAY_SQL, rows)


async def _published(connection: Connection, sql: str, *arguments: object) -> Published | None:
    row = await connection.fetchrow(sql, *arguments)
    return None if row is None else Published(*row)

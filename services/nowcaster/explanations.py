"""Reasons and days in Postgres, and who works them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from shared.database.pool import Connection
from shared.market.daily import MarketDay
from shared.valuation.explanation.stored import Before

KEPT = 4
"""Generations whose reasons stay; a megabyte each. Those of any instant can be made again."""

UNEXPLAINED_SQL = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.interval_offsets, g.value_shifts
from nowcast_pointer join generations g using (generation_id)
left join explanations e using (generation_id)
where e.generation_id is null
"""
CLAIM_SQL = "select pg_try_advisory_lock(hashtextextended('punkcast.explanations.' || $1::bigint, 0))"
EXPLAINED_SQL = "select exists (select from explanations where generation_id = $1)"
BEFORE_SQL = """
select generation_id, model_id, as_of, body
from generations left join explanations using (generation_id)
where role = 'champion' and generation_id < $1 and as_of < $2
order by generation_id desc
limit 1
"""
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
class Shown:
    """A published generation. `offsets` and `shifts` are of its calibration; None before these were recorded."""

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    offsets: list[list[list[float]]] | None
    shifts: list[float] | None


async def unexplained(connection: Connection) -> Shown | None:
    """What the pointer shows, unless its reasons are there already."""
    row = await connection.fetchrow(UNEXPLAINED_SQL)
    return None if row is None else Shown(*row)


async def claim(connection: Connection, generation_id: int) -> bool:
    """Whether the work on a generation falls to whoever asks: nobody else is at it, and nobody has done it.

    The claim lasts as long as the connection is kept. PostgreSQL frees it when the process dies.
    """
    if not await connection.fetchval(CLAIM_SQL, generation_id):
        return False
    # Asked after the claim: the one who had it before may have ended just now.
    return not await connection.fetchval(EXPLAINED_SQL, generation_id)


async def before(connection: Connection, shown: Shown) -> tuple[Before | None, bytes | None]:
    """The published generation of an earlier instant that it took the place of, with its values in punk order, and its
    reasons.

    The values are empty, the reasons None, when they are not kept any more.
    """
    row = await connection.fetchrow(BEFORE_SQL, shown.generation_id, shown.as_of)
    if row is None:
        return None, None
    generation_id, model_id, as_of, body = row
    values = await connection.fetch(MICRO_ETH_SQL, generation_id)
    micro_eth = np.array([value["micro"] for value in values], dtype=np.int64)
    return Before(generation_id, model_id, as_of, micro_eth), body


async def write(connection: Connection, generation_id: int, explained: bytes, *, at: datetime) -> None:
    """Keep it, and forget those of old generations."""
    await connection.execute(WRITE_SQL, generation_id, at, explained)
    await connection.execute(FORGET_SQL, KEPT)


async def newest_day(connection: Connection) -> date | None:
    found: date | None = await connection.fetchval(NEWEST_DAY_SQL)
    return found


async def write_days(connection: Connection, days: Sequence[MarketDay]) -> None:
    """Write, or correct, days."""
    rows = [(day.date, None if day.floor_wei is None else str(day.floor_wei), day.index_eth) for day in days]
    await connection.executemany(WRITE_DAY_SQL, rows)

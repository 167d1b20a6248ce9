"""Reasons and market days in Postgres, the claim to compute them, and the published nowcasts behind them."""

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
"""Number of generations whose reasons are kept, a megabyte each. `punkcast explain` computes those of any instant."""

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
    """A published generation, from the events up to `last_event_seq`.

    `offsets` and `shifts` are its calibration; None in generations of older releases, which did not record them.
    """

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    last_event_seq: int
    offsets: list[list[list[float]]] | None
    shifts: list[float] | None

    def calibration(self, model: ValuationModel) -> Calibration | None:
        """The calibration of the values; None if it was not recorded, or another model made the values."""
        return model.recorded(self.offsets, self.shifts) if model.model_id == self.model_id else None


async def unexplained(connection: Connection) -> Published | None:
    """The generation that the pointer shows, unless it has reasons."""
    return await _published(connection, UNEXPLAINED_SQL)


async def in_force(connection: Connection, instant: datetime) -> Published | None:
    """The newest nowcast published at or before the instant."""
    return await _published(connection, IN_FORCE_SQL, instant)


async def before(connection: Connection, nowcast: Published) -> Published | None:
    """The nowcast of an earlier instant that this one replaced."""
    return await _published(connection, BEFORE_SQL, nowcast.generation_id, nowcast.as_of)


async def micro_eth(connection: Connection, generation_id: int) -> Ints:
    """A generation's values by punk; empty if they were deleted."""
    rows = await connection.fetch(MICRO_ETH_SQL, generation_id)
    return np.array([row["micro"] for row in rows], dtype=np.int64)


async def reasons(connection: Connection, generation_id: int) -> bytes | None:
    """A generation's reasons; None without any."""
    body: bytes | None = await connection.fetchval(REASONS_SQL, generation_id)
    return body


async def claim(connection: Connection, generation_id: int) -> bool:
    """Claim the work on a generation; False if another process holds the claim, or the reasons exist.

    The claim lasts as long as the connection. PostgreSQL releases it if the process dies.
    """
    if not await connection.fetchval(CLAIM_SQL, generation_id):
        return False
    # Checked after the claim, because its last holder may just have finished.
    return await reasons(connection, generation_id) is None


async def write(connection: Connection, generation_id: int, explained: bytes, *, at: datetime) -> None:
    """Store the explanations, and delete those of old generations."""
    await connection.execute(WRITE_SQL, generation_id, at, explained)
    await connection.execute(FORGET_SQL, KEPT)


async def write_days(connection: Connection, days: Sequence[MarketDay]) -> None:
    """Write or correct days."""
    rows = [(day.date, None if day.floor_wei is None else str(day.floor_wei), day.index_eth) for day in days]
    await connection.executemany(WRITE_DAY_SQL, rows)


async def _published(connection: Connection, sql: str, *arguments: object) -> Published | None:
    row = await connection.fetchrow(sql, *arguments)
    return None if row is None else Published(*row)

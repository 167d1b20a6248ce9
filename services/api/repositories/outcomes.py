"""Scored sales of the champion track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection

# Outcomes are only added, and left out when their sale is superseded, which adds a revision.
OUTCOMES_FINGERPRINT_SQL = """
select count(*) as n, max(scored_at) as newest, (select count(*) from market_revisions) as revisions
from outcomes where track = 'champion'
"""
OUTCOMES_SQL = """
select o.horizon, s.event_time, s.kind, p.type as punk_type, o.model_id,
       o.value_wei::float8 / 1e18 as value_eth, o.price_wei::float8 / 1e18 as price_eth,
       o.floor_wei::float8 / 1e18 as floor_eth, o.in50, o.in80, o.in90
from outcomes o
join current_sales s using (event_seq)
left join punks p using (punk_id)
where o.track = 'champion'
  and ($1::timestamptz is null or s.event_time >= $1)
  and ($2::timestamptz is null or s.event_time < $2)
  and ($3::text is null or o.model_id = $3)
order by s.event_time, s.block, s.log_index, o.horizon
"""


@dataclass(frozen=True)
class Scored:
    """A valid sale beside the value published before it. Amounts in ETH."""

    horizon: str
    event_time: datetime
    kind: str
    punk_type: str | None
    model_id: str
    value_eth: float
    price_eth: float
    floor_eth: float
    in50: bool
    in80: bool
    in90: bool


async def fingerprint(connection: Connection) -> str:
    row = await connection.fetchrow(OUTCOMES_FINGERPRINT_SQL)
    return f"{row['n']}@{row['newest']}@{row['revisions']}"


async def champion_outcomes(
    connection: Connection, *, start: datetime | None, end: datetime | None, model_id: str | None
) -> Sequence[Scored]:
    """In order of sale; `start` inclusive, `end` exclusive."""
    return [Scored(**row) for row in await connection.fetch(OUTCOMES_SQL, start, end, model_id)]

"""Sales that do not count, and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from shared.database.pool import Connection

EXCLUDED_SALES_SQL = """
select s.event_seq, s.punk_id, s.event_time as sold_at, s.block, s.log_index, s.tx_hash, s.kind,
       s.price_wei::text as price, s.floor_wei::text as floor, s.seller, s.buyer, s.exclusion as reason
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
where not s.valid
  and ($1::text is null or s.exclusion = $1)
  and ($2::timestamptz is null or (s.event_time, s.event_seq) < ($2, $3::bigint))
order by s.event_time desc, s.event_seq desc
limit $4
"""
COUNT_EXCLUDED_SQL = """
select s.exclusion as reason, count(*) as sales
from sales s
join market_events e on e.seq = s.event_seq and e.superseded_at is null
where not s.valid
group by s.exclusion
order by count(*) desc, s.exclusion
"""


async def excluded_sales(
    connection: Connection, *, reason: str | None, before: tuple[datetime, int] | None, limit: int
) -> list[asyncpg.Record]:
    """Newest first, up to `limit` of those before the key (sold_at, event_seq). Wei as text."""
    at, seq = before or (None, None)
    found: list[asyncpg.Record] = await connection.fetch(EXCLUDED_SALES_SQL, reason, at, seq, limit)
    return found


async def counts(connection: Connection) -> Mapping[str, int]:
    """How many sales each reason excludes, most first."""
    return {row["reason"]: row["sales"] for row in await connection.fetch(COUNT_EXCLUDED_SQL)}

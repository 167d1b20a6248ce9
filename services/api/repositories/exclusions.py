"""Sales that do not count, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection

EXCLUDED_SALES_SQL = """
select s.event_seq, s.punk_id, s.event_time as sold_at, s.block, s.log_index, s.tx_hash, s.kind,
       s.price_wei::text as price_wei, s.floor_wei::text as floor_wei, s.seller, s.buyer, s.exclusion as reason
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


@dataclass(frozen=True)
class ExcludedSaleRow:
    """A sale that is not valid. Wei as decimal text; no floor where there was no public ask."""

    event_seq: int
    punk_id: int
    sold_at: datetime
    block: int
    log_index: int
    tx_hash: str
    kind: str
    price_wei: str
    floor_wei: str | None
    seller: str | None
    buyer: str | None
    reason: str


async def excluded_sales(
    connection: Connection, *, reason: str | None, before: tuple[datetime, int] | None, limit: int
) -> Sequence[ExcludedSaleRow]:
    """Newest first, up to `limit` of those before the key (time of sale, event's sequence number)."""
    at, seq = before or (None, None)
    return [ExcludedSaleRow(**row) for row in await connection.fetch(EXCLUDED_SALES_SQL, reason, at, seq, limit)]


async def counts(connection: Connection) -> Mapping[str, int]:
    """How many sales each reason excludes, most first."""
    return {row["reason"]: row["sales"] for row in await connection.fetch(COUNT_EXCLUDED_SQL)}

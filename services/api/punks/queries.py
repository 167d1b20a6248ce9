"""One punk's past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.api.money import money
from services.api.punks.schemas import PastSale, ValuePoint
from shared.database.pool import Connection
from shared.stores import offer_repository
from shared.stores.offer_repository import PastOffer

# The generations first, then one look-up by key for each of them: never a scan of all values.
VALUES_SQL = """
with chosen as materialized (
    select max(generation_id) as generation_id
    from generations
    where role = 'champion' and ($2::timestamptz is null or as_of >= $2) and ($3::timestamptz is null or as_of < $3)
    group by case when $4::bigint is null then generation_id else floor(extract(epoch from as_of) / $4)::bigint end
    order by 1 desc
    limit $5
)
select g.generation_id, g.model_id, g.as_of, n.value_wei::float8 / 1e18 as value_eth,
       n.lo80_wei::float8 / 1e18 as lo80_eth, n.hi80_wei::float8 / 1e18 as hi80_eth
from chosen
join generations g using (generation_id)
join nowcasts n on n.generation_id = g.generation_id and n.punk_id = $1
order by g.generation_id
"""
SPAN_SQL = """
select min(as_of) as first, max(as_of) as last, count(*) as generations
from generations
where role = 'champion' and ($1::timestamptz is null or as_of >= $1) and ($2::timestamptz is null or as_of < $2)
"""
SALES_SQL = """
select event_time as time, price_wei::text as price, floor_wei::text as floor, kind, seller, buyer, valid, exclusion,
       tx_hash
from current_sales
where punk_id = $1 and ($2::timestamptz is null or event_time >= $2) and ($3::timestamptz is null or event_time < $3)
order by block desc, log_index desc
limit $4
"""


@dataclass(frozen=True)
class Span:
    """Published nowcasts in a window."""

    first: datetime | None
    last: datetime | None
    generations: int


async def span(connection: Connection, start: datetime | None, end: datetime | None) -> Span:
    return Span(**await connection.fetchrow(SPAN_SQL, start, end))


async def values(
    connection: Connection,
    punk_id: int,
    start: datetime | None,
    end: datetime | None,
    *,
    step_s: int | None,
    limit: int,
) -> list[ValuePoint]:
    """The newest `limit` values in the window, oldest first; with `step_s` the last of each step."""
    return [ValuePoint(**row) for row in await connection.fetch(VALUES_SQL, punk_id, start, end, step_s, limit)]


async def sales(
    connection: Connection, punk_id: int, start: datetime | None, end: datetime | None, *, limit: int
) -> list[PastSale]:
    """The newest `limit` sales in the window, newest first."""
    return [
        PastSale(**{**row, **{name: row[name] and money(row[name]) for name in ("price", "floor")}})
        for row in await connection.fetch(SALES_SQL, punk_id, start, end, limit)
    ]


async def offers(
    connection: Connection, punk_id: int, start: datetime | None, end: datetime | None
) -> Sequence[PastOffer]:
    """Public asks and bids that stood at any time in the window, oldest first."""
    return [
        past
        for past in await offer_repository.of_punk(connection, punk_id)
        if (end is None or past.offer.since.time < end) and (start is None or past.until is None or past.until > start)
    ]

"""Derived sales and their outcomes in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.database.pool import Connection
from shared.market.valid_sales import Sale

LAST_SALE_SEQ_SQL = "select coalesce(max(event_seq), 0) from sales"
INSERT_SALES_SQL = """
insert into sales (event_seq, block, log_index, tx_hash, event_time, punk_id, price_wei, seller, buyer, kind,
                   valid, exclusion, floor_wei)
select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::timestamptz[], $6::smallint[],
                     $7::numeric[], $8::text[], $9::text[], $10::text[], $11::boolean[], $12::text[], $13::numeric[])
on conflict (event_seq) do nothing
"""
# The published value of each horizon: the last champion generation that was out before the sale (less the horizon). A
# sale that a reorganisation moved to a later block was known before: what was published since then has seen it.
SCORE_PUBLISHED_SQL = """
insert into outcomes (event_seq, model_id, horizon, track, generation_id, value_wei, price_wei, floor_wei,
                      log_error, in50, in80, in90, scored_at)
select s.event_seq, g.model_id, h.horizon, 'champion', g.generation_id, n.value_wei, s.price_wei, g.floor_wei,
       ln(n.value_wei::float8 / s.price_wei::float8),
       s.price_wei between n.lo50_wei and n.hi50_wei,
       s.price_wei between n.lo80_wei and n.hi80_wei,
       s.price_wei between n.lo90_wei and n.hi90_wei,
       $2
from sales s
cross join lateral (
    select least(s.event_time, min(o.known_at)) as first_known
    from market_events o
    where o.tx_hash = s.tx_hash and o.superseded_at is not null and o.punk_id = s.punk_id and o.event_type = 'sale'
) known
cross join (values ('latest', interval '0'), ('24h', interval '24 hours'), ('7d', interval '7 days')) h (horizon, lag)
cross join lateral (
    select * from generations
    where role = 'champion' and published_at < known.first_known - h.lag
    order by published_at desc, generation_id desc
    limit 1
) g
join nowcasts n on n.generation_id = g.generation_id and n.punk_id = s.punk_id
where s.event_seq = any ($1::bigint[]) and s.valid
on conflict do nothing
"""
# Beside it, what the armed previous champion and the shadows made of the very same snapshot.
SCORE_BESIDE_SQL = """
insert into outcomes (event_seq, model_id, horizon, track, generation_id, value_wei, price_wei, floor_wei,
                      log_error, in50, in80, in90, scored_at)
select s.event_seq, g.model_id, 'latest', g.role, g.generation_id, n.value_wei, s.price_wei, g.floor_wei,
       ln(n.value_wei::float8 / s.price_wei::float8),
       s.price_wei between n.lo50_wei and n.hi50_wei,
       s.price_wei between n.lo80_wei and n.hi80_wei,
       s.price_wei between n.lo90_wei and n.hi90_wei,
       $2
from outcomes o
join sales s on s.event_seq = o.event_seq
join generations published on published.generation_id = o.generation_id
join generations g on g.snapshot_id = published.snapshot_id and g.role <> 'champion'
     and g.model_id <> published.model_id and g.published_at < s.event_time
join nowcasts n on n.generation_id = g.generation_id and n.punk_id = s.punk_id
where o.event_seq = any ($1::bigint[]) and o.track = 'champion' and o.horizon = 'latest'
on conflict do nothing
"""
COUNT_SCORED_SQL = """
select count(*) from outcomes
where event_seq = any ($1::bigint[]) and track = 'champion' and horizon = 'latest'
"""


async def last_sale_seq(connection: Connection) -> int:
    """Sequence number of the newest derived sale, 0 when there is none."""
    return int(await connection.fetchval(LAST_SALE_SEQ_SQL))


async def record_sales(connection: Connection, sales: Sequence[Sale]) -> None:
    """Store derived sales with their validity (idempotent)."""
    if not sales:
        return
    await connection.execute(
        INSERT_SALES_SQL,
        [s.event_seq for s in sales],
        [s.block for s in sales],
        [s.log_index for s in sales],
        [s.tx_hash for s in sales],
        [datetime.fromtimestamp(s.time, UTC) for s in sales],
        [s.punk_id for s in sales],
        [s.price_wei for s in sales],
        [s.seller for s in sales],
        [s.buyer for s in sales],
        [s.kind for s in sales],
        [s.excluded is None for s in sales],
        [None if s.excluded is None else s.excluded.value for s in sales],
        [s.floor_wei for s in sales],
    )


async def score(connection: Connection, event_seqs: Sequence[int], *, at: datetime) -> int:
    """Join valid sales to what was published before them; returns how many got a published value."""
    if not event_seqs:
        return 0
    await connection.execute(SCORE_PUBLISHED_SQL, list(event_seqs), at)
    await connection.execute(SCORE_BESIDE_SQL, list(event_seqs), at)
    return int(await connection.fetchval(COUNT_SCORED_SQL, list(event_seqs)))

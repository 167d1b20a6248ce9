"""Sales and their outcomes in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime

from shared.database.pool import Connection
from shared.market.valid_sales import Sale

LAST_SALE_SEQ_SQL = "select coalesce(max(event_seq), 0) from sales"
INSERT_SALES_SQL = """
insert into sales (event_seq, block, log_index, tx_hash, event_time, punk_id, price_wei, seller, buyer, kind,
                   valid, exclusion, floor_wei, channel, pass_through, true_buyer, dealer, wrapped)
select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::timestamptz[], $6::smallint[],
                     $7::numeric[], $8::text[], $9::text[], $10::text[], $11::boolean[], $12::text[], $13::numeric[],
                     $14::text[], $15::boolean[], $16::text[], $17::boolean[], $18::boolean[])
on conflict (event_seq) do nothing
"""
UNLABELLED_SALES_SQL = "select event_seq from sales where channel is null and superseded_at is null"
LABEL_SALES_SQL = """
update sales s
set channel = l.channel, pass_through = l.pass_through, true_buyer = l.true_buyer, dealer = l.dealer,
    wrapped = l.wrapped
from unnest($1::bigint[], $2::text[], $3::boolean[], $4::text[], $5::boolean[], $6::boolean[])
     l (event_seq, channel, pass_through, true_buyer, dealer, wrapped)
where s.event_seq = l.event_seq
"""
_INSERT_OUTCOMES = """
insert into outcomes (generation_id, model_id, event_seq, price_wei, floor_wei, value_wei, log_error,
                      in50, in80, in90, scored_at, horizon, track)
select g.generation_id, g.model_id, s.event_seq, s.price_wei, g.floor_wei, n.value_wei,
       ln(n.value_wei::float8 / s.price_wei::float8),
       s.price_wei between n.lo50_wei and n.hi50_wei,
       s.price_wei between n.lo80_wei and n.hi80_wei,
       s.price_wei between n.lo90_wei and n.hi90_wei,
       $2,
"""
# The value that a sale `s` scores: per horizon, the last champion generation published before the sale (minus the
# horizon). If a reorganisation moved the sale to a later block, the sale was known earlier: later generations have seen
# it.
SCORED_GENERATIONS = """
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
"""
SCORE_PUBLISHED_SQL = f"""{_INSERT_OUTCOMES}
       h.horizon, 'champion'
from sales s
{SCORED_GENERATIONS}
where s.event_seq = any ($1::bigint[]) and s.valid
on conflict do nothing
"""
# Standby models (previous champion and shadows) are scored on the snapshot of the published generation.
SCORE_STANDBY_SQL = f"""{_INSERT_OUTCOMES}
       'latest', g.role
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
    """Sequence number of the newest sale, 0 without one."""
    return int(await connection.fetchval(LAST_SALE_SEQ_SQL))


async def record_sales(connection: Connection, sales: Sequence[Sale]) -> None:
    """Store sales with their verdicts and labels (idempotent)."""
    if not sales:
        return
    rows: list[tuple[object, ...]] = [
        (
            *(s.event_seq, s.block, s.log_index, s.tx_hash, datetime.fromtimestamp(s.time, UTC), s.punk_id),
            *(s.price_wei, s.seller, s.buyer, s.kind, s.excluded is None, s.excluded, s.floor_wei),
            *astuple(s.labels),
        )
        for s in sales
    ]
    await connection.execute(INSERT_SALES_SQL, *zip(*rows, strict=True))


async def label_sales(connection: Connection, sales: Sequence[Sale]) -> int:
    """Label the sales that an older release stored without labels. Returns their number."""
    unlabelled = {row["event_seq"] for row in await connection.fetch(UNLABELLED_SALES_SQL)}
    rows = [(s.event_seq, *astuple(s.labels)) for s in sales if s.event_seq in unlabelled] if unlabelled else []
    if rows:
        await connection.execute(LABEL_SALES_SQL, *zip(*rows, strict=True))
    return len(rows)


async def score(connection: Connection, event_seqs: Sequence[int], *, at: datetime) -> int:
    """Join valid sales to the generations published before them. Returns the number of sales with a published value."""
    if not event_seqs:
        return 0
    await connection.execute(SCORE_PUBLISHED_SQL, list(event_seqs), at)
    await connection.execute(SCORE_STANDBY_SQL, list(event_seqs), at)
    return int(await connection.fetchval(COUNT_SCORED_SQL, list(event_seqs)))

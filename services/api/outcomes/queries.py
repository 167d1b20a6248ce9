"""Scored sales of the champion track, and what excluded sales would have been scored."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.api.money import money
from services.api.outcomes.schemas import AMOUNTS, Outcome
from shared.database.pool import Connection
from shared.errors import InvalidInputError
from shared.market.sale_labels import Channel
from shared.stores.sale_repository import SCORED_GENERATIONS

# Outcomes are only added, and left out when their sale is superseded, which adds a revision. Excluded sales are added
# with their events. Sales of an older release are labelled later.
OUTCOMES_FINGERPRINT_SQL = """
select count(*) as n, max(scored_at) as newest, (select count(*) from market_revisions) as revisions,
       (select coalesce(max(event_seq), 0) from sales) as last_sale,
       (select count(*) from sales where channel is null and superseded_at is null) as unlabelled,
       (select min(event_time) from sales where event_time >= $1) as first,
       (select max(event_time) from sales where event_time < $2) as last
from outcomes where track = 'champion'
"""
# The last valid sale that was known when the value was published, carried by how the floor moved since: the baseline
# that needs no model. `seen` are outcomes as they were scored and, on request, excluded sales with the nowcasts that
# they would have scored.
_SALE = """s.event_seq, s.event_time, s.punk_id, s.tx_hash, s.log_index, s.kind, s.valid, s.exclusion, s.channel,
           s.pass_through, s.true_buyer, s.dealer, s.wrapped"""
_SEEN = f"""
with seen as (
    select {_SALE},
           o.horizon, o.generation_id, o.model_id, o.price_wei, o.value_wei, o.floor_wei, o.in50, o.in80, o.in90
    from outcomes o
    join current_sales s using (event_seq)
    where o.track = 'champion'
      and ($1::timestamptz is null or s.event_time >= $1) and ($2::timestamptz is null or s.event_time < $2)
      and ($3::text is null or o.model_id = $3) and ($4::text is null or o.horizon = $4)
      and ($6::text is null or s.channel = $6)
    union all
    select {_SALE},
           h.horizon, g.generation_id, g.model_id, s.price_wei, n.value_wei, g.floor_wei,
           s.price_wei between n.lo50_wei and n.hi50_wei, s.price_wei between n.lo80_wei and n.hi80_wei,
           s.price_wei between n.lo90_wei and n.hi90_wei
    from current_sales s
    {SCORED_GENERATIONS}
    where $5::boolean and not s.valid and s.price_wei > 0
      and ($1::timestamptz is null or s.event_time >= $1) and ($2::timestamptz is null or s.event_time < $2)
      and ($3::text is null or g.model_id = $3) and ($4::text is null or h.horizon = $4)
      and ($6::text is null or s.channel = $6)
)
"""
_BASELINE = """
join generations g on g.generation_id = seen.generation_id
left join punks p on p.punk_id = seen.punk_id
left join lateral (
    select trunc(b.price_wei * seen.floor_wei / b.floor_wei) as wei
    from current_sales b
    where b.punk_id = seen.punk_id and b.valid and b.floor_wei > 0 and b.event_time < g.as_of
    order by b.event_time desc, b.event_seq desc
    limit 1
) last on true
"""
SCORED_SQL = f"""
{_SEEN}
select seen.horizon, seen.event_time, seen.kind, p.type as punk_type, seen.model_id,
       seen.value_wei::float8 / 1e18 as value_eth, seen.price_wei::float8 / 1e18 as price_eth,
       seen.floor_wei::float8 / 1e18 as floor_eth, last.wei::float8 / 1e18 as last_sale_eth,
       seen.in50, seen.in80, seen.in90, seen.channel, seen.dealer, seen.pass_through
from seen
{_BASELINE}
order by seen.event_time, seen.event_seq, seen.horizon
"""
OUTCOMES_SQL = f"""
{_SEEN}
select seen.event_seq, seen.punk_id, p.type, seen.event_time as sold_at, seen.tx_hash, seen.log_index, seen.kind,
       seen.horizon, seen.generation_id, g.published_at, seen.model_id, seen.price_wei::text as price,
       seen.value_wei::text as value, seen.floor_wei::text as floor, last.wei::text as last_sale,
       seen.in50, seen.in80, seen.in90, seen.valid, seen.exclusion, seen.channel, seen.pass_through, seen.true_buyer,
       seen.dealer, seen.wrapped
from seen
{_BASELINE}
where ($7::bigint is null or (seen.event_seq, seen.horizon) > ($7, $8::text))
order by seen.event_seq, seen.horizon
limit $9
"""
NEWEST_OUTCOMES_SQL = OUTCOMES_SQL.replace(
    "(seen.event_seq, seen.horizon) > ($7, $8::text)", "(seen.event_seq, seen.horizon) < ($7, $8::text)"
).replace("order by seen.event_seq, seen.horizon\n", "order by seen.event_seq desc, seen.horizon desc\n")
COUNT_EXCLUDED_SQL = """
select count(*) from current_sales
where not valid and ($1::timestamptz is null or event_time >= $1) and ($2::timestamptz is null or event_time < $2)
"""


@dataclass(frozen=True)
class Span:
    """Sales from `start` to before `end`; `excluded` adds the sales that count for nothing.

    Raises InvalidInputError: start is not before end.
    """

    start: datetime | None = None
    end: datetime | None = None
    model_id: str | None = None
    horizon: str | None = None
    excluded: bool = False
    channel: Channel | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidInputError("start must be before end.")

    @property
    def arguments(self) -> tuple[datetime | None, datetime | None, str | None, str | None, bool, str | None]:
        return self.start, self.end, self.model_id, self.horizon, self.excluded, self.channel


@dataclass(frozen=True)
class Scored:
    """A sale and the value published before it. Amounts in ETH.

    `last_sale_eth` is None where none was known, a label where an older release stored the sale.
    """

    horizon: str
    event_time: datetime
    kind: str
    punk_type: str | None
    model_id: str
    value_eth: float
    price_eth: float
    floor_eth: float
    last_sale_eth: float | None
    in50: bool
    in80: bool
    in90: bool
    channel: Channel | None
    dealer: bool | None
    pass_through: bool | None


Key = tuple[int, str]
"""Sort key of a row: sequence number of the sale, and horizon."""


async def fingerprint(connection: Connection, span: Span) -> str:
    """The record, and the first and the last sale of the span: between two sales, every start or end is the same."""
    row = await connection.fetchrow(OUTCOMES_FINGERPRINT_SQL, span.start, span.end)
    bounds = f"{span.start and row['first']}@{span.end and row['last']}"
    return f"{row['n']}@{row['newest']}@{row['revisions']}@{row['last_sale']}@{row['unlabelled']}@{bounds}"


async def scored(connection: Connection, span: Span) -> Sequence[Scored]:
    """In order of sale."""
    return [Scored(**row) for row in await connection.fetch(SCORED_SQL, *span.arguments)]


async def outcomes(
    connection: Connection, span: Span, *, after: Key | None, limit: int, newest: bool = False
) -> list[Outcome]:
    """Up to `limit` rows after the key, in the order in which the sales became known, or in reverse."""
    seq, horizon = after or (None, None)
    sql = NEWEST_OUTCOMES_SQL if newest else OUTCOMES_SQL
    rows = await connection.fetch(sql, *span.arguments, seq, horizon, limit)
    return [Outcome(**{**row, **{name: row[name] and money(row[name]) for name in AMOUNTS}}) for row in rows]


async def pages(connection: Connection, span: Span, *, size: int) -> AsyncGenerator[list[Outcome], None]:
    """All rows, a page at a time, as of one instant: within a transaction of `repeatable_read`."""
    after: Key | None = None
    while True:
        rows = await outcomes(connection, span, after=after, limit=size)
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = (rows[-1].event_seq, rows[-1].horizon)


async def count_excluded(connection: Connection, *, start: datetime | None, end: datetime | None) -> int:
    return int(await connection.fetchval(COUNT_EXCLUDED_SQL, start, end))

"""Public asks with their values, and who was told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.database.pool import Connection
from shared.market.chain import PROVISIONAL_BLOCKS
from shared.market.deal_odds import Offer
from shared.stores import offer_repository

# One look at a time, also over processes: two would tell a listing twice that a reorganisation has just moved.
LOCK_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.deals', 0))"
# $2 to $6: the public asks.
VALUED_ASKS_SQL = f"""
select ask.punk_id, ask.listing, ask.listed_at, ask.wei::text as ask_wei,
       n.value_wei::text as value_wei, n.lo80_wei::text as lo80_wei, n.hi80_wei::text as hi80_wei, n.confidence::text,
       p.type, p.accessories, g.model_id, g.as_of, g.generation_id,
       coalesce(ask.block > c.block - {PROVISIONAL_BLOCKS}, false) as provisional
from unnest($2::smallint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::numeric[])
     ask (punk_id, listing, block, listed_at, wei)
join nowcasts n on n.generation_id = $1 and n.punk_id = ask.punk_id
join generations g on g.generation_id = n.generation_id
join punks p on p.punk_id = ask.punk_id
left join chain_cursor c on true
where n.value_wei > 0
"""
TOLD_SQL = "select webhook_id, stands_as from deals_told where gone_at is null and stands_as = any($1::bigint[])"
# A listing that is gone and stands again: a reorganisation took back what ended the ask.
TELL_SQL = """
insert into deals_told (webhook_id, listing, stands_as, told_at) values ($1, $2, $2, $3)
on conflict (webhook_id, listing) do update
set stands_as = excluded.stands_as, told_at = excluded.told_at, times = deals_told.times + 1,
    gone_at = null, reason = null
where deals_told.gone_at is not null
returning times
"""
# Told asks that stand no more. `moved_to`: the same transaction placed the same ask in another block. A table of offers
# that lacks a reorganisation says nothing; the ingestor's next step completes it.
ENDED_SQL = f"""
select t.webhook_id, t.listing, t.times, was.punk_id, was.price_wei::text as ask_wei, o.until_time as ended_at,
       moved.since_seq as moved_to,
       w.state = 'active' and w.proven_at is not null and 'deal.gone' = any(w.events) as wanted,
       coalesce(ended.block > c.block - {PROVISIONAL_BLOCKS}, false) as provisional,
       case when o.since_seq is null then 'reorganised'
            when ended.event_type = 'listed' then 'changed'
            when exists (
                select from market_events s
                where s.punk_id = was.punk_id and s.block = ended.block and s.tx_hash = ended.tx_hash
                      and s.event_type = 'sale' and s.superseded_at is null and s.seq >= ended.seq
            ) then 'sold'
            else 'delisted' end as reason
from deals_told t
join webhooks w using (webhook_id)
join market_events was on was.seq = t.stands_as
join offers_reach r on r.seq >= t.stands_as and r.revision = (select coalesce(max(revision), 0) from market_revisions)
left join offers o on o.since_seq = t.stands_as
left join market_events ended on ended.seq = o.until_seq
left join lateral (
    select again.since_seq
    from offers again join market_events e on e.seq = again.since_seq
    where o.since_seq is null and again.punk_id = was.punk_id and again.kind = 'ask' and again.until_seq is null
          and again.price_wei = was.price_wei and e.tx_hash = was.tx_hash
) moved on true
left join chain_cursor c on true
where t.gone_at is null and (o.since_seq is null or o.until_seq is not null)
order by t.webhook_id, t.listing
"""
MOVE_SQL = "update deals_told set stands_as = $3 where webhook_id = $1 and listing = $2"
GONE_SQL = "update deals_told set gone_at = $3, reason = $4 where webhook_id = $1 and listing = $2"
FORGET_SQL = "delete from deals_told where gone_at < $1"


@dataclass(frozen=True)
class ValuedAsk:
    """A public ask and the newest value of its punk; `fields` is what subscribers get."""

    listing: int
    ask_wei: int
    value_wei: int
    offer: Offer
    confidence: str
    punk_type: str
    accessories: Sequence[str]
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """A told ask that stands no more. `moved_to`: it stands again as this event. `wanted`: to be told."""

    webhook_id: UUID
    listing: int
    times: int
    punk_id: int
    ask_wei: str
    ended_at: datetime | None
    moved_to: int | None
    wanted: bool
    provisional: bool
    reason: str


async def lock(connection: Connection) -> None:
    """Be the only one who looks for deals until this transaction ends."""
    await connection.execute(LOCK_SQL)


async def valued_asks(connection: Connection, generation_id: int) -> Sequence[ValuedAsk]:
    """All public asks whose punk has a value in the generation."""
    asks = (await offer_repository.standing(connection)).asks()
    columns = zip(*((ask.punk_id, *ask.since, ask.price_wei) for ask in asks), strict=True) if asks else [[]] * 5
    return [_valued(dict(row)) for row in await connection.fetch(VALUED_ASKS_SQL, generation_id, *columns)]


async def told(connection: Connection, listings: Sequence[int]) -> set[tuple[UUID, int]]:
    """Which webhooks know which of these standing listings."""
    return {tuple(row) for row in await connection.fetch(TOLD_SQL, listings)}


async def tell(connection: Connection, webhook_id: UUID, listing: int, *, at: datetime) -> int | None:
    """Note that a subscriber is told of a listing: how often so far; None if the subscriber knows it."""
    times: int | None = await connection.fetchval(TELL_SQL, webhook_id, listing, at)
    return times


async def ended(connection: Connection) -> Sequence[Ended]:
    """The told asks that stand no more and are not gone yet."""
    return [Ended(**row) for row in await connection.fetch(ENDED_SQL)]


async def move(connection: Connection, ask: Ended) -> None:
    """A reorganisation moved the ask to another block; it is the same listing."""
    await connection.execute(MOVE_SQL, ask.webhook_id, ask.listing, ask.moved_to)


async def gone(connection: Connection, ask: Ended, *, at: datetime) -> None:
    """Note that a told ask is gone."""
    await connection.execute(GONE_SQL, ask.webhook_id, ask.listing, at, ask.reason)


async def forget(connection: Connection, *, before: datetime) -> None:
    """Drop what was gone before an instant."""
    await connection.execute(FORGET_SQL, before)


def _valued(row: dict[str, Any]) -> ValuedAsk:
    ask, value = int(row["ask_wei"]), int(row["value_wei"])
    offer = Offer.of_wei(ask=ask, value=value, lo80=int(row["lo80_wei"]), hi80=int(row["hi80_wei"]))
    accessories = row.pop("accessories")
    return ValuedAsk(row["listing"], ask, value, offer, row["confidence"], row["type"], accessories, row)

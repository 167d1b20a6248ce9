"""Subscriptions, and what has to be posted to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.database.pool import Connection
from shared.webhooks import CHALLENGE
from shared.webhooks.filters import DealFilters

MOST_WAITING: Final = 1_000
"""Deliveries of one webhook; a receiver that is down for days does not fill the database."""
SUBSCRIBED_SQL = """
select webhook_id, deal_margin, filters, created_at from webhooks
where state = 'active' and proven_at is not null and $1 = any(events) order by webhook_id
"""
ENTER_SQL = """
insert into webhook_deliveries (delivery_id, webhook_id, event, body, created_at, next_attempt_at)
values ($1, $2, $3, $4, $5, $5)
on conflict (delivery_id) do nothing
"""
WITHDRAW_SQL = """
update webhook_deliveries set next_attempt_at = null, error = $2 where delivery_id = $1 and delivered_at is null
returning attempts
"""
SCORED_SINCE_SQL = """
select o.event_seq, s.punk_id, s.event_time as sold_at, s.tx_hash, s.log_index, s.kind, o.price_wei::text as price_wei,
       o.value_wei::text as value_wei, o.floor_wei::text as floor_wei, o.generation_id, o.model_id, o.in90, o.scored_at
from outcomes o join current_sales s using (event_seq)
where o.track = 'champion' and o.horizon = 'latest' and o.scored_at >= $1
order by o.event_seq
"""
# Beyond $2 waiting deliveries of a webhook, the oldest are dropped: those of deals first.
DROP_SQL = """
with surplus as (
    update webhook_deliveries set next_attempt_at = null, error = 'dropped: too many deliveries waited'
    where delivery_id in (
        select delivery_id from webhook_deliveries where webhook_id = $1 and next_attempt_at is not null
        order by event like 'deal.%', created_at desc, delivery_id
        offset $2
    )
    returning delivery_id
)
update webhooks set dropped = dropped + (select count(*) from surplus)
where webhook_id = $1 and exists (select from surplus)
"""
UNPROVEN_SQL = f"""
select webhook_id from webhooks w
where state = 'active' and proven_at is null and not exists (
    select from webhook_deliveries d
    where d.webhook_id = w.webhook_id and d.event = '{CHALLENGE}' and d.next_attempt_at is not null
)
order by webhook_id
"""
PROVEN_SQL = "update webhooks set proven_at = coalesce(proven_at, $2) where webhook_id = $1"
# One process takes at a time, so that places and rates are counted exactly.
LOCK_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.deliveries', 0))"
# The first due delivery of each webhook; one is under way at a time, so that a receiver gets them in their order.
# `taken` rows only count: they have their places already. A place at a host goes to the key that has the fewest there,
# and a place of all to the key that has the fewest. Failing webhooks come last.
# Taken for a while, not locked: a process that dies while it posts leaves them to the next.
TAKE_SQL = f"""
with line as (
    select w.webhook_id, w.host, w.key_id, w.failures > 0 as failing, coalesce(w.taken_until > $1, false) as taken,
           d.delivery_id, d.next_attempt_at as due, w.proven_at is null as challenge
    from webhooks w
    left join lateral (
        select delivery_id, next_attempt_at from webhook_deliveries
        where webhook_id = w.webhook_id and next_attempt_at <= $1 and (w.proven_at is not null or event = '{CHALLENGE}')
        order by next_attempt_at, created_at, delivery_id
        limit 1
    ) d on true
    where w.state = 'active' and (w.taken_until > $1 or d.delivery_id is not null)
), of_key_at_host as (
    select *, row_number() over (partition by host, key_id order by taken desc, failing, due, webhook_id) as turn
    from line
), of_host as (
    select *, row_number() over (partition by host order by taken desc, failing, turn, due, webhook_id) as place,
           row_number() over (partition by host, taken order by failing, turn, due, webhook_id) as post
    from of_key_at_host
), of_key as (
    select h.*, row_number() over (partition by key_id order by taken desc, failing, due, webhook_id) as of_key,
           row_number() over (partition by key_id, taken, challenge order by failing, due, webhook_id) as asked
    from of_host h left join webhook_rates r on r.name = h.host
    where taken or (place <= $5 and post <= $6 - ceil(extract(epoch from greatest(r.busy_until, $1) - $1) / $7))
), of_all as (
    select k.*, row_number() over (order by failing, of_key, due, webhook_id) as of_all
    from of_key k left join webhook_rates r on r.name = 'challenges ' || k.key_id
    where not taken
          and (not challenge or asked <= $8 - ceil(extract(epoch from greatest(r.busy_until, $1) - $1) / $9))
), leased as (
    update webhooks w set taken_until = $2
    from of_all a
    where w.webhook_id = a.webhook_id and a.of_all <= $3 - case when a.failing then $4 else 0 end
    returning a.delivery_id, a.challenge, w.url, w.secret, w.key_id, w.host
), counted as (
    insert into webhook_rates (name, busy_until)
    select host, $1 + count(*) * make_interval(secs => $7) from leased group by host
    union all
    select 'challenges ' || key_id, $1 + count(*) * make_interval(secs => $9)
    from leased where challenge group by key_id
    on conflict (name) do update
    set busy_until = greatest(webhook_rates.busy_until, $1) + (excluded.busy_until - $1)
)
update webhook_deliveries d set next_attempt_at = $2, attempts = attempts + 1
from leased l
where d.delivery_id = l.delivery_id and d.next_attempt_at <= $1
returning d.delivery_id, d.webhook_id, d.event, d.body, d.created_at, d.attempts, d.next_attempt_at as taken_until,
          l.url, l.secret, l.key_id
"""
# A webhook is free again, unless another process has taken it since.
WELL_SQL = """
update webhooks set failing_since = null, failures = 0, last_status = $2, last_delivered_at = $3,
                    taken_until = nullif(taken_until, $4)
where webhook_id = $1
"""
DELIVERED_SQL = """
update webhook_deliveries set delivered_at = $2, next_attempt_at = null, error = null where delivery_id = $1
"""
FAILING_SQL = """
update webhooks set failing_since = coalesce(failing_since, $3), failures = failures + 1, last_status = $2,
                    taken_until = nullif(taken_until, $4)
where webhook_id = $1
returning failing_since
"""
# What was withdrawn or dropped during the attempt stays so.
AGAIN_SQL = """
update webhook_deliveries set next_attempt_at = $2, error = $3 where delivery_id = $1 and next_attempt_at is not null
"""
DISABLE_SQL = "update webhooks set state = 'disabled', disabled_reason = $2 where webhook_id = $1 and state = 'active'"
MARKET_STATE_SQL = """
select (select max(seq) from market_events) as last_seq, (select count(*) from market_revisions) as revisions,
       (select max(scored_at) from outcomes) as last_scored_at
"""
SHOWN_SQL = "select generation_id from nowcast_pointer"
PURGE_SQL = """
delete from webhook_deliveries where delivery_id in (
    select delivery_id from webhook_deliveries where created_at < $1 order by created_at limit $2
)
returning delivery_id
"""
PURGE_RATES_SQL = "delete from webhook_rates where busy_until < $1"


@dataclass(frozen=True)
class MarketState:
    """Equal while no event, no reorganisation and no scored sale is added."""

    last_seq: int | None
    revisions: int
    last_scored_at: datetime | None


@dataclass(frozen=True)
class Subscriber:
    webhook_id: UUID
    deal_margin: float
    filters: DealFilters
    created_at: datetime


@dataclass(frozen=True)
class DueDelivery:
    """A delivery taken for an attempt; `attempts` counts this one."""

    delivery_id: UUID
    webhook_id: UUID
    event: str
    body: str
    created_at: datetime
    attempts: int
    taken_until: datetime
    url: str
    secret: str
    key_id: str


@dataclass(frozen=True)
class Shares:
    """How many posts may be under way, and how fast one host gets them.

    Attributes:
        places: deliveries of this process at once.
        for_well: of these, kept free of webhooks whose last attempt failed.
        per_host: places per host, over all processes.
        burst: posts that a host gets at once; after them one follows every `every_s` seconds.
        challenges: those that the webhooks of a key get at once; after them one follows every `challenge_every_s`
            seconds, so no key can have many strangers posted to.
    """

    places: int
    for_well: int
    per_host: int
    burst: int
    every_s: float
    challenges: int
    challenge_every_s: float


async def subscribed(connection: Connection, event: str) -> Sequence[Subscriber]:
    return [
        Subscriber(**{**row, "filters": DealFilters.model_validate_json(row["filters"])})
        for row in await connection.fetch(SUBSCRIBED_SQL, event)
    ]


async def enter(
    connection: Connection, delivery_id: UUID, webhook_id: UUID, *, event: str, body: str, at: datetime
) -> None:
    """Queue a delivery (idempotent by id)."""
    await connection.execute(ENTER_SQL, delivery_id, webhook_id, event, body, at)
    await connection.execute(DROP_SQL, webhook_id, MOST_WAITING)


async def withdraw(connection: Connection, delivery_id: UUID, *, reason: str) -> bool:
    """Stop the attempts of an undelivered delivery. Returns whether it was never sent."""
    return bool(await connection.fetchval(WITHDRAW_SQL, delivery_id, reason) == 0)


async def scored_since(connection: Connection, since: datetime) -> Sequence[dict[str, object]]:
    """Sales of the champion's track by their sequence number."""
    return [dict(row) for row in await connection.fetch(SCORED_SINCE_SQL, since)]


async def lock(connection: Connection) -> None:
    """Be the only one who takes deliveries until this transaction ends."""
    await connection.execute(LOCK_SQL)


async def unproven(connection: Connection) -> Sequence[UUID]:
    """The webhooks that need a challenge and have none."""
    return [row["webhook_id"] for row in await connection.fetch(UNPROVEN_SQL)]


async def proven(connection: Connection, webhook_id: UUID, *, at: datetime) -> None:
    """Its receiver has answered a challenge, so events may follow."""
    await connection.execute(PROVEN_SQL, webhook_id, at)


async def take(
    connection: Connection, shares: Shares, *, at: datetime, until: datetime, running: int
) -> Sequence[DueDelivery]:
    """Claim due deliveries for this process, which posts `running` now, until `until`. Needs the `lock`."""
    host = (shares.per_host, shares.burst, shares.every_s)
    limits = (shares.places - running, shares.for_well, *host, shares.challenges, shares.challenge_every_s)
    return [DueDelivery(**row) for row in await connection.fetch(TAKE_SQL, at, until, *limits)]


async def delivered(connection: Connection, due: DueDelivery, *, status: int, at: datetime) -> None:
    await connection.execute(WELL_SQL, due.webhook_id, status, at, due.taken_until)
    await connection.execute(DELIVERED_SQL, due.delivery_id, at)


async def failed(
    connection: Connection, due: DueDelivery, error: str, *, status: int | None, at: datetime, again_at: datetime | None
) -> datetime:
    """Schedule the next attempt at `again_at` (None: give up). Returns when the webhook began to fail."""
    since: datetime | None = await connection.fetchval(FAILING_SQL, due.webhook_id, status, at, due.taken_until)
    await connection.execute(AGAIN_SQL, due.delivery_id, again_at, error)
    return since or at


async def disable(connection: Connection, webhook_id: UUID, reason: str) -> None:
    """Post nothing more to the webhook until a person enables it."""
    await connection.execute(DISABLE_SQL, webhook_id, reason)


async def market_state(connection: Connection) -> MarketState:
    row = await connection.fetchrow(MARKET_STATE_SQL)
    assert row is not None
    return MarketState(**dict(row))


async def shown(connection: Connection) -> int | None:
    """The generation that readers see."""
    generation: int | None = await connection.fetchval(SHOWN_SQL)
    return generation


async def purge(connection: Connection, *, before: datetime, most: int) -> bool:
    """Remove deliveries that were entered before an instant. Returns whether there may be more than `most`."""
    await connection.execute(PURGE_RATES_SQL, before)
    return len(await connection.fetch(PURGE_SQL, before, most)) == most

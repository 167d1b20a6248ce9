"""Subscriptions, and what has to be posted to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection
from shared.webhooks.filters import DealFilters

SUBSCRIBED_SQL = """
select webhook_id, deal_margin, filters, created_at from webhooks
where state = 'active' and $1 = any(events) order by webhook_id
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
# Taken for a while, not locked: a process that dies while it posts leaves them to the next.
TAKE_SQL = """
update webhook_deliveries d set next_attempt_at = $2, attempts = attempts + 1
from webhooks w
where w.webhook_id = d.webhook_id and d.delivery_id in (
    select delivery_id from webhook_deliveries
    join webhooks using (webhook_id)
    where next_attempt_at <= $1 and state = 'active'
    order by next_attempt_at
    limit $3
    for update of webhook_deliveries skip locked
)
returning d.delivery_id, d.webhook_id, d.body, d.attempts, w.url, w.secret, w.key_id
"""
DELIVERED_SQL = """
update webhook_deliveries set delivered_at = $2, next_attempt_at = null, error = null where delivery_id = $1
"""
AGAIN_SQL = "update webhook_deliveries set next_attempt_at = $2, error = $3 where delivery_id = $1"
WELL_SQL = """
update webhooks set failing_since = null, failures = 0, last_status = $2, last_delivered_at = $3 where webhook_id = $1
"""
FAILING_SQL = """
update webhooks set failing_since = coalesce(failing_since, $3), failures = failures + 1, last_status = $2
where webhook_id = $1
returning failing_since
"""
DISABLE_SQL = "update webhooks set state = 'disabled', disabled_reason = $2 where webhook_id = $1 and state = 'active'"
SHOWN_SQL = "select generation_id from nowcast_pointer"
PURGE_SQL = "delete from webhook_deliveries where created_at < $1"


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
    body: str
    attempts: int
    url: str
    secret: str
    key_id: str


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


async def withdraw(connection: Connection, delivery_id: UUID, *, reason: str) -> bool:
    """Stop the attempts of an undelivered delivery. Returns whether it was never sent."""
    return bool(await connection.fetchval(WITHDRAW_SQL, delivery_id, reason) == 0)


async def scored_since(connection: Connection, since: datetime) -> Sequence[dict[str, object]]:
    """Sales of the champion's track by their sequence number."""
    return [dict(row) for row in await connection.fetch(SCORED_SINCE_SQL, since)]


async def take(connection: Connection, *, at: datetime, until: datetime, limit: int) -> Sequence[DueDelivery]:
    """Claim due deliveries for this process until `until`."""
    return [DueDelivery(**row) for row in await connection.fetch(TAKE_SQL, at, until, limit)]


async def delivered(connection: Connection, due: DueDelivery, *, status: int, at: datetime) -> None:
    await connection.execute(DELIVERED_SQL, due.delivery_id, at)
    await connection.execute(WELL_SQL, due.webhook_id, status, at)


async def failed(
    connection: Connection, due: DueDelivery, error: str, *, status: int | None, at: datetime, again_at: datetime | None
) -> datetime:
    """Schedule the next attempt at `again_at` (None: give up). Returns when the webhook began to fail."""
    await connection.execute(AGAIN_SQL, due.delivery_id, again_at, error)
    since: datetime | None = await connection.fetchval(FAILING_SQL, due.webhook_id, status, at)
    return since or at


async def disable(connection: Connection, webhook_id: UUID, reason: str) -> None:
    """Post nothing more to the webhook until a person enables it."""
    await connection.execute(DISABLE_SQL, webhook_id, reason)


async def shown(connection: Connection) -> int | None:
    """The generation that readers see."""
    generation: int | None = await connection.fetchval(SHOWN_SQL)
    return generation


async def purge(connection: Connection, *, before: datetime) -> None:
    await connection.execute(PURGE_SQL, before)

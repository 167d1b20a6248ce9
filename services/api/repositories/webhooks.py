"""Subscriptions as their owners see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection

_COLUMNS = """webhook_id, url, events, deal_margin, description, state, created_at, failing_since, failures,
       last_status, last_delivered_at, disabled_reason"""
# No key for the operator, who sees all of them.
LIST_SQL = f"""
select {_COLUMNS} from webhooks where $1::text is null or key_id = $1 order by created_at desc, webhook_id limit 500
"""
ONE_SQL = f"select {_COLUMNS} from webhooks where webhook_id = $1 and ($2::text is null or key_id = $2)"
HOLD_OWNER_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.webhooks.' || $1, 0))"
COUNT_SQL = "select count(*) from webhooks where key_id = $1"
INSERT_SQL = """
insert into webhooks (webhook_id, key_id, url, events, deal_margin, description, secret, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
DELETE_SQL = "delete from webhooks where webhook_id = $1 and ($2::text is null or key_id = $2) returning webhook_id"
ENABLE_SQL = """
update webhooks set state = 'active', failing_since = null, failures = 0, disabled_reason = null
where webhook_id = $1 and ($2::text is null or key_id = $2)
"""


@dataclass(frozen=True)
class WebhookRow:
    """A row of `webhooks` without its secret."""

    webhook_id: UUID
    url: str
    events: Sequence[str]
    deal_margin: float
    description: str
    state: str
    created_at: datetime
    failing_since: datetime | None
    failures: int
    last_status: int | None
    last_delivered_at: datetime | None
    disabled_reason: str | None


async def listing(connection: Connection, owner: str | None) -> Sequence[WebhookRow]:
    """Newest first."""
    return [WebhookRow(**row) for row in await connection.fetch(LIST_SQL, owner)]


async def one(connection: Connection, webhook_id: UUID, owner: str | None) -> WebhookRow | None:
    row = await connection.fetchrow(ONE_SQL, webhook_id, owner)
    return WebhookRow(**row) if row else None


async def count(connection: Connection, owner: str) -> int:
    """How many the owner has; nobody adds one until this transaction ends."""
    await connection.execute(HOLD_OWNER_SQL, owner)
    return int(await connection.fetchval(COUNT_SQL, owner))


async def insert(
    connection: Connection,
    webhook_id: UUID,
    owner: str,
    *,
    url: str,
    events: Sequence[str],
    deal_margin: float,
    description: str,
    secret: str,
    at: datetime,
) -> None:
    await connection.execute(INSERT_SQL, webhook_id, owner, url, list(events), deal_margin, description, secret, at)


async def delete(connection: Connection, webhook_id: UUID, owner: str | None) -> bool:
    """With what was still to be posted there; False when there is none."""
    return await connection.fetchval(DELETE_SQL, webhook_id, owner) is not None


async def enable(connection: Connection, webhook_id: UUID, owner: str | None) -> None:
    await connection.execute(ENABLE_SQL, webhook_id, owner)

"""Subscriptions as their owners see them, without secrets."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.api.punks.search import known_name
from services.api.webhooks.schemas import WebhookDocument, WebhookOrder
from shared.database.pool import Connection
from shared.webhooks import CHALLENGE, SETTINGS
from shared.webhooks.filters import DealFilters

# The settings' alert URLs may hold passwords, so only their scheme and host are shown.
_COLUMNS = rf"""webhook_id,
       case when key_id = '{SETTINGS}' then regexp_replace(url, '^(\w+://)([^@/]*@)?([^/?#]+).*$', '\1\3/…') else url
       end as url, events, deal_margin, filters, description,
       case when state = 'active' and proven_at is null then 'pending' else state end as state,
       created_at, failing_since, failures, last_status, last_delivered_at, disabled_reason, dropped"""
# The operator sees all of them: then there is no key.
LIST_SQL = f"""
select {_COLUMNS} from webhooks where $1::text is null or key_id = $1 order by created_at desc, webhook_id limit 500
"""
ONE_SQL = f"select {_COLUMNS} from webhooks where webhook_id = $1 and ($2::text is null or key_id = $2)"
HOLD_OWNER_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.webhooks.' || $1, 0))"
COUNT_SQL = "select count(*) from webhooks where key_id = $1"
INSERT_SQL = f"""
insert into webhooks (webhook_id, key_id, url, events, deal_margin, filters, description, secret, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
returning {_COLUMNS}
"""
DELETE_SQL = f"""
delete from webhooks where webhook_id = $1 and ($2::text is null or key_id = $2) returning {_COLUMNS}
"""
UNPROVEN_HOSTS_SQL = "select count(distinct host) from webhooks where key_id = $1 and proven_at is null"
# The receiver proves itself again, by a new challenge; the operator vouches for those of the settings. A webhook of an
# ended key stays as it is.
ENABLE_SQL = f"""
with mine as (
    select webhook_id, exists (select from api_keys k where k.key_id = w.key_id and k.revoked_at is not null) as ended
    from webhooks w
    where webhook_id = $1 and ($2::text is null or key_id = $2)
), withdrawn as (
    update webhook_deliveries set next_attempt_at = null, error = 'enabled: another challenge follows'
    where webhook_id in (select webhook_id from mine where not ended) and event = '{CHALLENGE}'
          and next_attempt_at is not null
)
update webhooks w
set (proven_at, state, failing_since, failures, disabled_reason) = (
    select case when ended or state = 'active' or key_id = '{SETTINGS}' then proven_at end,
           case when ended then state else 'active' end, case when ended then failing_since end,
           case when ended then failures else 0 end, case when ended then disabled_reason end
    from mine
)
where webhook_id = (select webhook_id from mine)
returning {_COLUMNS}
"""
NAMES_SQL = """
select array(select distinct type from punks) as types,
       array(select distinct unnest(accessories) from punks) as traits
"""


async def with_known_names(connection: Connection, filters: DealFilters) -> DealFilters:
    """The filters with types and accessories as they are written.

    Raises:
        InvalidInputError: there is no such type or accessory.
    """
    if not filters.types and not filters.traits:
        return filters
    names = await connection.fetchrow(NAMES_SQL)
    types, traits = ({name.lower(): name for name in names[kind]} for kind in ("types", "traits"))
    return filters.model_copy(
        update={
            "types": [known_name("type", name, types) for name in filters.types or ()] or None,
            "traits": [known_name("trait", name, traits) for name in filters.traits or ()] or None,
        }
    )


async def listing(connection: Connection, owner: str | None) -> Sequence[WebhookDocument]:
    """Newest first."""
    return [_document(row) for row in await connection.fetch(LIST_SQL, owner)]


async def one(connection: Connection, webhook_id: UUID, owner: str | None) -> WebhookDocument | None:
    row = await connection.fetchrow(ONE_SQL, webhook_id, owner)
    return _document(row) if row else None


async def count(connection: Connection, owner: str) -> int:
    """Number of the owner's subscriptions; it cannot grow until this transaction ends."""
    await connection.execute(HOLD_OWNER_SQL, owner)
    return int(await connection.fetchval(COUNT_SQL, owner))


async def unproven_hosts(connection: Connection, owner: str) -> int:
    """Number of hosts that have not answered a challenge for the owner."""
    return int(await connection.fetchval(UNPROVEN_HOSTS_SQL, owner))


async def insert(
    connection: Connection, webhook_id: UUID, owner: str, order: WebhookOrder, *, secret: str, at: datetime
) -> WebhookDocument:
    filters = order.filters.model_dump_json(exclude_none=True)
    given = (order.url, sorted(set(order.events)), order.deal_margin, filters, order.description)
    return _document(await connection.fetchrow(INSERT_SQL, webhook_id, owner, *given, secret, at))


async def delete(connection: Connection, webhook_id: UUID, owner: str | None) -> WebhookDocument | None:
    """Delete a subscription with its undelivered events, and return what it was."""
    row = await connection.fetchrow(DELETE_SQL, webhook_id, owner)
    return _document(row) if row else None


async def enable(connection: Connection, webhook_id: UUID, owner: str | None) -> WebhookDocument | None:
    row = await connection.fetchrow(ENABLE_SQL, webhook_id, owner)
    return _document(row) if row else None


def _document(row: Mapping[str, Any]) -> WebhookDocument:
    return WebhookDocument(**{**row, "filters": DealFilters.model_validate_json(row["filters"])})

"""Training requests as the gateway sees them: accepted (published), then the trainer's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection

CLAIM_IDEMPOTENCY_KEY_SQL = """
insert into idempotency_keys (key_id, idempotency_key, request_sha256, response_status,
    response_body, created_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (key_id, idempotency_key) do nothing
returning true
"""
IDEMPOTENT_ANSWER_SQL = """
select request_sha256, response_status, response_body
from idempotency_keys
where key_id = $1 and idempotency_key = $2
"""
REQUEST_SQL = """
select request_id, reason, requested_by, data_cutoff, status, requested_at, started_at, finished_at,
       attempts, model_id, error
from training_requests
where request_id = $1
"""
REQUESTS_SQL = """
select request_id, reason, requested_by, data_cutoff, status, requested_at, started_at, finished_at,
       attempts, model_id, error
from training_requests
where ($1::text is null or status = $1)
  and ($2::timestamptz is null or (requested_at, request_id) < ($2, $3::uuid))
order by requested_at desc, request_id desc
limit $4
"""
# A request that was accepted here and has no row yet is still on its way; once the trainer has taken the
# message without opening a row, an open request with the same reason stands for it.
ACCEPTED_SQL = """
select response_body, exists (select from inbox where consumer = 'trainer' and message_id = $1::uuid) as taken
from idempotency_keys
where response_body::jsonb ->> 'request_id' = ($1::uuid)::text
"""


@dataclass(frozen=True)
class TrainingRow:
    """A row of `training_requests`."""

    request_id: UUID
    reason: str
    requested_by: str
    data_cutoff: datetime | None
    status: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    model_id: str | None
    error: str | None


@dataclass(frozen=True)
class IdempotentAnswer:
    """What was answered to the first request with a key."""

    request_sha256: str
    response_status: int
    response_body: str


@dataclass(frozen=True)
class Accepted:
    """A request this API accepted: the body it answered with, and whether the trainer has taken the
    message."""

    body: str
    taken: bool


async def claim_idempotency_key(
    connection: Connection, *, key_id: str, idempotency_key: str, answer: IdempotentAnswer, at: datetime
) -> IdempotentAnswer | None:
    """None when the key is new and now holds `answer`; else the first answer.

    Waits for a transaction that is claiming the same key.
    """
    claimed = await connection.fetchval(
        CLAIM_IDEMPOTENCY_KEY_SQL,
        key_id,
        idempotency_key,
        answer.request_sha256,
        answer.response_status,
        answer.response_body,
        at,
    )
    if claimed:
        return None
    row = await connection.fetchrow(IDEMPOTENT_ANSWER_SQL, key_id, idempotency_key)
    return IdempotentAnswer(**row)


async def request(connection: Connection, request_id: UUID) -> TrainingRow | None:
    row = await connection.fetchrow(REQUEST_SQL, request_id)
    return TrainingRow(**row) if row else None


async def accepted(connection: Connection, request_id: UUID) -> Accepted | None:
    row = await connection.fetchrow(ACCEPTED_SQL, request_id)
    return Accepted(row["response_body"], row["taken"]) if row else None


async def requests(
    connection: Connection, *, status: str | None, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[TrainingRow]:
    """Newest first, behind the key `before`."""
    at, request_id = before or (None, None)
    return [TrainingRow(**row) for row in await connection.fetch(REQUESTS_SQL, status, at, request_id, limit)]

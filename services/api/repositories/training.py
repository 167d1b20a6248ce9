"""Training requests as the gateway sees them: accepted (published), then the trainer's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shared.database.pool import Connection

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
where ($1::text is null or status = $1) and ($2::text is null or reason = $2)
  and ($3::text is null or requested_by = $3)
  and ($4::timestamptz is null or (requested_at, request_id) < ($4, $5::uuid))
order by requested_at desc, request_id desc
limit $6
"""
ENTER_CANCELLED_SQL = """
insert into training_requests (request_id, reason, requested_by, data_cutoff, requested_at, status, finished_at)
values ($1, $2, $3, $4, $5, 'cancelled', $6)
on conflict (request_id) do nothing
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


class Asked(Protocol):
    """What was asked for."""

    reason: str
    requested_by: str
    data_cutoff: datetime | None
    requested_at: datetime


@dataclass(frozen=True)
class Accepted:
    """A request this API accepted: the body it answered with, and whether the trainer has taken the
    message."""

    body: str
    taken: bool


async def request(connection: Connection, request_id: UUID) -> TrainingRow | None:
    row = await connection.fetchrow(REQUEST_SQL, request_id)
    return TrainingRow(**row) if row else None


async def accepted(connection: Connection, request_id: UUID) -> Accepted | None:
    row = await connection.fetchrow(ACCEPTED_SQL, request_id)
    return Accepted(row["response_body"], row["taken"]) if row else None


async def requests(
    connection: Connection,
    *,
    status: str | None,
    reason: str | None,
    requested_by: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[TrainingRow]:
    """Newest first, behind the key `before`."""
    at, request_id = before or (None, None)
    rows = await connection.fetch(REQUESTS_SQL, status, reason, requested_by, at, request_id, limit)
    return [TrainingRow(**row) for row in rows]


async def enter_cancelled(connection: Connection, request_id: UUID, asked: Asked, *, at: datetime) -> None:
    """A request that the trainer has not seen, as one that is over already."""
    await connection.execute(
        ENTER_CANCELLED_SQL, request_id, asked.reason, asked.requested_by, asked.data_cutoff, asked.requested_at, at
    )

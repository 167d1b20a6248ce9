"""Training requests: a queue in Postgres, worked off under leases with fencing tokens."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID, uuid4

from pydantic import BaseModel

from shared.contracts.messages import TrainingRequested
from shared.database.pool import Connection
from shared.database.text import storable
from shared.errors import NotFoundError
from shared.messaging.transaction import Transaction

MAX_ATTEMPTS = 3
Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "merged"]

_COLUMNS = """request_id, status, reason, requested_by, data_cutoff, requested_at, started_at, finished_at, attempts,
       model_id, error"""
ENQUEUE_SQL = """
insert into training_requests (request_id, reason, requested_by, data_cutoff, requested_at)
values ($1, $2, $3, $4, $5)
on conflict do nothing
returning request_id
"""
MERGE_SQL = """
insert into training_requests (request_id, reason, requested_by, data_cutoff, requested_at, status)
values ($1, $2, $3, $4, $5, 'merged')
on conflict (request_id) do nothing
"""
GIVE_UP_SQL = """
update training_requests
set status = 'failed', finished_at = $1, lease_token = null, lease_until = null,
    error = coalesce(error || '; ', '') || 'the lease ran out in every one of ' || attempts || ' attempts'
where status = 'running' and lease_until < $1 and attempts >= $2
"""
CLAIM_SQL = f"""
update training_requests
set status = 'running', attempts = attempts + 1, started_at = $1, lease_token = $2, lease_until = $3
where request_id = (
    select request_id from training_requests
    where status = 'queued' or (status = 'running' and lease_until < $1)
    order by requested_at, request_id
    limit 1
    for update skip locked
)
returning {_COLUMNS}, lease_token, lease_until
"""
HEARTBEAT_SQL = """
update training_requests set lease_until = $3
where request_id = $1 and lease_token = $2 and status = 'running'
returning request_id
"""
SUCCEED_SQL = """
update training_requests
set status = 'succeeded', model_id = $3, finished_at = $4, error = null,
    lease_token = null, lease_until = null
where request_id = $1 and lease_token = $2 and status = 'running'
returning request_id
"""
FAIL_SQL = """
update training_requests
set status = case when $5 or attempts >= $6 then 'failed' else 'queued' end,
    finished_at = case when $5 or attempts >= $6 then $4::timestamptz end,
    error = $3, lease_token = null, lease_until = null
where request_id = $1 and lease_token = $2 and status = 'running'
returning request_id
"""
CANCEL_SQL = """
update training_requests set status = 'cancelled', finished_at = $2
where request_id = $1 and status = 'queued'
returning request_id
"""
SELECT_REQUEST_SQL = f"select {_COLUMNS} from training_requests where request_id = $1"
LIST_REQUESTS_SQL = f"""
select {_COLUMNS} from training_requests
where ($1::text is null or status = $1) and ($2::text is null or reason = $2)
  and ($3::text is null or requested_by = $3)
  and ($4::timestamptz is null or (requested_at, request_id) < ($4, $5::uuid))
order by requested_at desc, request_id desc
limit $6
"""
HISTORY_SQL = """
select greatest((select max(registered_at) from models), max(finished_at) filter (where status = 'succeeded')),
       array_remove(array_agg(case when status in ('queued', 'running') then reason end), null),
       max(requested_at) filter (where requested_by = $1)
from training_requests
"""


class TrainingRequest(BaseModel):
    """queued -> running -> succeeded, failed or cancelled. `merged`: an open request with the same reason takes its
    place."""

    request_id: UUID
    status: Status
    reason: str
    requested_by: str
    data_cutoff: datetime | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    model_id: str | None
    error: str | None


class ClaimedRequest(TrainingRequest):
    """A request under a lease. Every later write must carry `lease_token`; a stale one is refused."""

    lease_token: UUID
    lease_until: datetime


class History(NamedTuple):
    """Earlier trainings.

    Attributes:
        last_training: the last registration of a contender, or success of a training.
        open_reasons: the reasons of the open requests.
        last_request: the last request by the asked requester.
    """

    last_training: datetime | None
    open_reasons: frozenset[str]
    last_request: datetime | None


async def ask(transaction: Transaction, request: TrainingRequested) -> TrainingRequest:
    """Store the request under a fresh id and emit its message in this transaction.

    While a request with the same reason is open, the new one is stored as `merged` and no message is emitted.
    """
    identity = uuid4()
    queued = await enqueue(
        transaction.connection,
        request_id=identity,
        reason=request.reason,
        requested_by=request.requested_by,
        data_cutoff=request.data_cutoff,
        at=transaction.clock.now(),
    )
    if queued:
        await transaction.emit(request.model_copy(update={"request_id": identity}), message_id=identity)
    return await get(transaction.connection, identity)


async def enqueue(
    connection: Connection,
    *,
    request_id: UUID,
    reason: str,
    requested_by: str,
    data_cutoff: datetime | None,
    at: datetime,
) -> bool:
    """Queue a request; False if it is already stored, or merged into an open request with the same reason."""
    columns = (request_id, reason, requested_by, data_cutoff, at)
    if await connection.fetchval(ENQUEUE_SQL, *columns) is not None:
        return True
    await connection.execute(MERGE_SQL, *columns)
    return False


async def claim(connection: Connection, *, at: datetime, lease_s: float) -> ClaimedRequest | None:
    """Lease the oldest request that is queued or whose lease ran out, for `lease_s` seconds; None when there is none.

    Fails the requests whose lease ran out in their last attempt.
    """
    async with connection.transaction():
        await connection.execute(GIVE_UP_SQL, at, MAX_ATTEMPTS)
        row = await connection.fetchrow(CLAIM_SQL, at, uuid4(), at + timedelta(seconds=lease_s))
    return None if row is None else ClaimedRequest(**row)


async def heartbeat(connection: Connection, request_id: UUID, lease_token: UUID, *, until: datetime) -> bool:
    """Extend the lease; False when it was lost, and then the work must stop."""
    return await connection.fetchval(HEARTBEAT_SQL, request_id, lease_token, until) is not None


async def succeed(connection: Connection, request_id: UUID, lease_token: UUID, model_id: str, *, at: datetime) -> bool:
    """Finish with a model; False when the lease was lost, and then nothing may be registered."""
    return await connection.fetchval(SUCCEED_SQL, request_id, lease_token, model_id, at) is not None


async def fail(
    connection: Connection, request_id: UUID, lease_token: UUID, error: str, *, at: datetime, permanent: bool = False
) -> bool:
    """Record a failed attempt: the request is queued again, or has failed after `MAX_ATTEMPTS` or when `permanent`.

    False when the lease was lost.
    """
    done = await connection.fetchval(FAIL_SQL, request_id, lease_token, storable(error), at, permanent, MAX_ATTEMPTS)
    return done is not None


async def cancel(connection: Connection, request_id: UUID, *, at: datetime) -> bool:
    """Withdraw a request that nobody has claimed yet."""
    return await connection.fetchval(CANCEL_SQL, request_id, at) is not None


async def get(connection: Connection, request_id: UUID) -> TrainingRequest:
    """The request. Raises NotFoundError: no such request."""
    row = await connection.fetchrow(SELECT_REQUEST_SQL, request_id)
    if row is None:
        raise NotFoundError(
            f"training request {request_id} does not exist; list the training requests to see their ids"
        )
    return TrainingRequest(**row)


async def listing(
    connection: Connection,
    *,
    status: Status | None = None,
    reason: str | None = None,
    requested_by: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[TrainingRequest]:
    """Newest first; `before` is the (requested_at, request_id) of the last one seen."""
    rows = await connection.fetch(LIST_REQUESTS_SQL, status, reason, requested_by, *(before or (None, None)), limit)
    return [TrainingRequest(**row) for row in rows]


async def history(connection: Connection, requested_by: str) -> History:
    """The earlier trainings as the retrain policy needs them; `last_request` is the last request by `requested_by`."""
    row = await connection.fetchrow(HISTORY_SQL, requested_by)
    assert row is not None
    return History(row[0], frozenset(row[1] or ()), row[2])

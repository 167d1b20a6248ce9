"""Training requests: a queue in Postgres, worked off under leases with fencing tokens.

The origin of a request is the way it came: `policy`, `nowcaster`, `operator`, `api:<key id>`, `cli:<user>`,
`bus:<user>` if the broker vouches for the user, or else `bus`. `requested_by` is what the requester says. An origin has
one open request per reason, and a limited number of open requests. The platform's own origins have no limit and go
first.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from shared.contracts.messages import TrainingRequested
from shared.database.pool import Connection
from shared.database.text import storable
from shared.errors import InvalidInputError, NotFoundError, TooManyOpenError
from shared.evaluation.retrain import REASONS, REQUESTED_BY
from shared.messaging.transaction import Transaction

MAX_ATTEMPTS = 3
POLICY, NOWCASTER, OPERATOR, BUS = "policy", "nowcaster", "operator", "bus"
OWN: Final = (POLICY, NOWCASTER, OPERATOR)
"""Origins without a limit, whose requests go first."""
RESERVED_NAMES: Final = frozenset({REQUESTED_BY, NOWCASTER, OPERATOR})
MOST_OPEN = 3
"""Open requests of one limited origin, unless the settings say otherwise."""
MOST_OPEN_OF_ALL = 30
"""Open requests of all limited origins together."""
Status = Literal["queued", "running", "succeeded", "failed", "cancelled", "merged"]

_COLUMNS = """request_id, status, reason, requested_by, origin, data_cutoff, requested_at, started_at, finished_at,
       attempts, model_id, error"""
ENQUEUE_SQL = """
insert into training_requests (request_id, reason, requested_by, origin, data_cutoff, requested_at)
values ($1, $2, $3, $4, $5, $6)
on conflict do nothing
returning request_id
"""
MERGE_SQL = """
insert into training_requests (request_id, reason, requested_by, origin, data_cutoff, requested_at, status)
values ($1, $2, $3, $4, $5, $6, 'merged')
on conflict (request_id) do nothing
"""
REFUSE_SQL = """
insert into training_requests
    (request_id, reason, requested_by, origin, data_cutoff, requested_at, status, finished_at, error)
values ($1, $2, $3, $4, $5, $6, 'failed', $6, $7)
on conflict (request_id) do nothing
"""
HOLD_LIMIT_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.training_requests', 0))"
# A request that is stored already, or that merges, opens nothing.
COUNT_OPEN_SQL = """
select count(*) filter (where origin = $1) as of_origin, count(*) filter (where origin <> all($2::text[])) as of_all,
       exists (select from training_requests where request_id = $3)
       or count(*) filter (where origin = $1 and reason = $4) > 0 as opens_nothing
from training_requests where status in ('queued', 'running')
"""
GIVE_UP_SQL = """
update training_requests
set status = 'failed', finished_at = $1, lease_token = null, lease_until = null,
    error = coalesce(error || '; ', '') || 'the lease ran out in every one of ' || attempts || ' attempts'
where status = 'running' and lease_until < $1 and attempts >= $2
"""
# The platform's own requests, the oldest first; then the origin that was served least recently.
CLAIM_SQL = f"""
update training_requests
set status = 'running', attempts = attempts + 1, started_at = $1, lease_token = $2, lease_until = $3
where request_id = (
    select request_id from training_requests r
    where status = 'queued' or (status = 'running' and lease_until < $1)
    order by origin <> all($4::text[]),
             case when origin <> all($4::text[])
                  then (select max(started_at) from training_requests s where s.origin = r.origin) end nulls first,
             requested_at, request_id
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
HAND_BACK_SQL = """
update training_requests
set status = 'queued', attempts = attempts - 1, started_at = null, lease_token = null, lease_until = null
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
       array_remove(array_agg(case when origin = $1 and status in ('queued', 'running') then reason end), null),
       max(requested_at) filter (where origin = $1)
from training_requests
"""


class TrainingRequest(BaseModel):
    """queued -> running -> succeeded, failed or cancelled. `merged`: an open request of the same origin with the same
    reason takes its place."""

    request_id: UUID
    status: Status
    reason: str
    requested_by: Annotated[str, Field(description="As the requester says")]
    origin: Annotated[
        str,
        Field(description="The way it came: policy, nowcaster, operator, api:<key id>, cli:<user>, bus or bus:<user>"),
    ]
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
        open_reasons: the reasons of the open requests of the asked origin.
        last_request: the last request of the asked origin.
    """

    last_training: datetime | None
    open_reasons: frozenset[str]
    last_request: datetime | None


def bus_origin(sender: str | None) -> str:
    """The origin of a request that came as a message. The broker vouches for the user `sender`; None: for nobody."""
    return BUS if sender is None else storable(f"{BUS}:{sender}")


async def ask(
    transaction: Transaction, request: TrainingRequested, *, origin: str, most_open: int = MOST_OPEN
) -> TrainingRequest:
    """Store the request under a fresh id and emit its message in this transaction.

    While a request of the origin with the same reason is open, the new one is stored as `merged` and no message is
    emitted.

    Raises:
        InvalidInputError: the reason or the requester is reserved for the platform.
        TooManyOpenError: as `enqueue`.
    """
    if origin not in OWN or origin == OPERATOR:
        _require_not_reserved(request)
    identity = uuid4()
    queued = await enqueue(
        transaction.connection,
        request_id=identity,
        reason=request.reason,
        requested_by=request.requested_by,
        origin=origin,
        data_cutoff=request.data_cutoff,
        at=transaction.clock.now(),
        most_open=most_open,
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
    origin: str,
    data_cutoff: datetime | None,
    at: datetime,
    most_open: int = MOST_OPEN,
) -> bool:
    """Queue a request; False if it is already stored, or merged into an open one of the origin with the same reason.

    Args:
        most_open: open requests that one origin may have.

    Raises:
        TooManyOpenError: the origin has that many, or all origins together have too many; nothing was stored.
    """
    columns = (request_id, reason, requested_by, origin, data_cutoff, at)
    if origin not in OWN:
        await connection.execute(HOLD_LIMIT_SQL)
        opened = await connection.fetchrow(COUNT_OPEN_SQL, origin, OWN, request_id, reason)
        assert opened is not None
        _require_room(opened, origin, most_open)
    if await connection.fetchval(ENQUEUE_SQL, *columns) is not None:
        return True
    await connection.execute(MERGE_SQL, *columns)
    return False


async def refuse(
    connection: Connection, request_id: UUID, request: TrainingRequested, error: str, *, origin: str, at: datetime
) -> None:
    """Store a request that was not queued, with the reason."""
    columns = (request_id, request.reason, request.requested_by, origin, request.data_cutoff, at)
    await connection.execute(REFUSE_SQL, *columns, storable(f"refused: {error}"))


async def claim(connection: Connection, *, at: datetime, lease_s: float) -> ClaimedRequest | None:
    """Lease the next request that is queued or whose lease ran out, for `lease_s` seconds; None when there is none.

    The platform's own requests go first, the oldest before the others. Then the other origins take turns. Requests
    whose lease ran out in their last attempt have failed.
    """
    async with connection.transaction():
        await connection.execute(GIVE_UP_SQL, at, MAX_ATTEMPTS)
        row = await connection.fetchrow(CLAIM_SQL, at, uuid4(), at + timedelta(seconds=lease_s), OWN)
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


async def hand_back(connection: Connection, request_id: UUID, lease_token: UUID) -> bool:
    """Queue the request again as if it had not been claimed: the worker stops. False when the lease was lost."""
    return await connection.fetchval(HAND_BACK_SQL, request_id, lease_token) is not None


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


async def history(connection: Connection, origin: str) -> History:
    """The earlier trainings as the retrain policy needs them, and the requests of `origin` among them."""
    row = await connection.fetchrow(HISTORY_SQL, origin)
    assert row is not None
    return History(row[0], frozenset(row[1] or ()), row[2])


def _require_not_reserved(request: TrainingRequested) -> None:
    for what, text, reserved in (
        ("reason", request.reason, REASONS),
        ("requested_by", request.requested_by, RESERVED_NAMES),
    ):
        if text.casefold() in reserved:
            raise InvalidInputError(f"{what}: the platform itself uses {', '.join(sorted(reserved))}; say another")


def _require_room(opened: Mapping[str, int], origin: str, most_open: int) -> None:
    if opened["opens_nothing"]:
        return
    if opened["of_origin"] >= most_open:
        raise TooManyOpenError(
            f"{origin} has {opened['of_origin']} open training requests, and may have {most_open}; "
            "wait until one ends, or cancel one"
        )
    if opened["of_all"] >= MOST_OPEN_OF_ALL:
        raise TooManyOpenError(f"{opened['of_all']} training requests are open; wait until some have ended")

"""Ask for a training run: the gateway publishes the request, the trainer's queue takes it from there."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.api.auth import Caller, caller_with
from services.api.gateway import Gateway, gateway_of
from services.api.paging import Cursor, Limit, next_cursor, position_before
from services.api.problems import IdempotencyConflictError, documented
from services.api.repositories import training
from shared.contracts.messages import EARLIEST_INSTANT, Reason, TrainingRequested
from shared.errors import InvalidInputError, NotFoundError
from shared.messaging.transaction import originating

router = APIRouter(tags=["lifecycle"])

SOURCE = "api"
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text of yours, new for each new request. With it, sending twice asks once.",
    ),
]


class TrainingOrder(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Reason, Field(description="Why; one request per reason is open at a time")]
    data_cutoff: Annotated[
        AwareDatetime | None, Field(description="Train on sales before this instant; default: by policy")
    ] = None


class AcceptedRequest(BaseModel):
    """The request has been published; follow it at Location."""

    request_id: UUID
    status: Literal["accepted"] = "accepted"
    reason: str
    requested_by: str
    data_cutoff: datetime | None
    requested_at: datetime


class TrainingRequestDocument(BaseModel):
    """accepted (published) -> queued -> running -> succeeded, failed or cancelled; merged when an open
    request with the same reason stands for it."""

    request_id: UUID
    status: Literal["accepted", "merged", "queued", "running", "succeeded", "failed", "cancelled"]
    reason: str
    requested_by: str
    data_cutoff: datetime | None
    requested_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    model_id: str | None = None
    error: str | None = None


class TrainingRequestPage(BaseModel):
    items: list[TrainingRequestDocument]
    next_cursor: str | None


@router.post(
    "/v1/training-requests",
    operation_id="create_training_request",
    summary="Ask for a contender to be trained",
    status_code=202,
    response_class=Response,
    responses={202: {"model": AcceptedRequest}, **documented(400, 401, 403, 409, 413, 422, 503)},
)
async def create(
    request: Request,
    order: TrainingOrder,
    caller: Annotated[Caller, Depends(caller_with("train"))],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    gateway = gateway_of(request)
    now = gateway.clock.now()
    if order.data_cutoff is not None and not EARLIEST_INSTANT < order.data_cutoff <= now:
        raise InvalidInputError(f"data_cutoff must lie between {EARLIEST_INSTANT.isoformat()} and now.")
    body = await _publish(gateway, order, caller, idempotency_key)
    location = f"/v1/training-requests/{orjson.loads(body)['request_id']}"
    headers = {"Location": location, "Cache-Control": "no-store"}
    return Response(body, status_code=202, media_type="application/json", headers=headers)


async def _publish(gateway: Gateway, order: TrainingOrder, caller: Caller, idempotency_key: str | None) -> str:
    """Record the answer under its key and publish the request in one commit; or find the answer already
    given."""
    now = gateway.clock.now()
    request_id = uuid4()
    accepted = AcceptedRequest(
        request_id=request_id,
        reason=order.reason,
        requested_by=f"api:{caller.name}",
        data_cutoff=order.data_cutoff,
        requested_at=now,
    )
    answer = training.IdempotentAnswer(
        request_sha256=hashlib.sha256(order.model_dump_json().encode()).hexdigest(),
        response_status=202,
        response_body=accepted.model_dump_json(),
    )
    async with (
        asyncio.timeout(gateway.config.database_timeout_s),
        originating(gateway.database, gateway.clock, source=SOURCE) as transaction,
    ):
        earlier = await training.claim_idempotency_key(
            transaction.connection,
            key_id=caller.key_id,
            idempotency_key=idempotency_key or f"request:{request_id}",
            answer=answer,
            at=now,
        )
        if earlier is None:
            payload = TrainingRequested(
                reason=order.reason,
                requested_by=accepted.requested_by,
                request_id=request_id,
                data_cutoff=order.data_cutoff,
            )
            await transaction.emit(payload, message_id=request_id)
    if earlier is None:
        return answer.response_body
    if earlier.request_sha256 != answer.request_sha256:
        raise IdempotencyConflictError("This Idempotency-Key was used with another body.")
    return earlier.response_body


@router.get("/v1/training-requests", operation_id="list_training_requests", responses=documented(400, 422, 503))
async def requests(
    request: Request, status: Status | None = None, limit: Limit = 50, cursor: Cursor = None
) -> TrainingRequestPage:
    """Requests that reached the trainer's queue, newest first."""
    gateway = gateway_of(request)
    scope = ("training-requests", str(status))
    before = position_before(gateway.config.cursor_key, scope, cursor, UUID)
    async with gateway.reading() as connection:
        rows = await training.requests(connection, status=status, before=before, limit=limit + 1)
    more = rows[limit - 1] if len(rows) > limit else None
    return TrainingRequestPage(
        items=[TrainingRequestDocument(**asdict(row)) for row in rows[:limit]],
        next_cursor=next_cursor(
            gateway.config.cursor_key, scope, (more.requested_at, str(more.request_id)) if more else None
        ),
    )


@router.get(
    "/v1/training-requests/{request_id}",
    operation_id="get_training_request",
    responses=documented(404, 422, 503),
)
async def training_request(request: Request, request_id: UUID) -> TrainingRequestDocument:
    """Where a request stands."""
    async with gateway_of(request).reading() as connection:
        # Accepted first: between the two questions the trainer may open the row, never the other way round.
        accepted = await training.accepted(connection, request_id)
        row = await training.request(connection, request_id)
    if row is not None:
        return TrainingRequestDocument(**asdict(row))
    if accepted is None:
        raise NotFoundError(f"There is no training request {request_id}; GET /v1/training-requests lists them.")
    known = AcceptedRequest.model_validate_json(accepted.body)
    status: Literal["merged", "accepted"] = "merged" if accepted.taken else "accepted"
    return TrainingRequestDocument(**known.model_dump(exclude={"status"}), status=status)

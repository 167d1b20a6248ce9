"""Ask for a training run: the gateway publishes the request, the trainer's queue takes it from there."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.api.auth import OPERATOR, Caller, caller_with
from services.api.gateway import gateway_of
from services.api.idempotency import IdempotencyKey, once
from services.api.paging import Cursor, Limit, Page
from services.api.problems import ForbiddenError, documented
from services.api.repositories import training
from shared.contracts.messages import EARLIEST_INSTANT, Actor, Reason, TrainingRequested
from shared.database.pool import Connection
from shared.errors import ConflictError, InvalidInputError, NotFoundError
from shared.registry import training_requests

router = APIRouter(tags=["lifecycle"])

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Trainer = Annotated[Caller, Depends(caller_with("train"))]


class TrainingOrder(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "drift"}]})

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
    caller: Trainer,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    gateway = gateway_of(request)
    now = gateway.clock.now()
    if order.data_cutoff is not None and not EARLIEST_INSTANT < order.data_cutoff <= now:
        raise InvalidInputError(f"data_cutoff must lie between {EARLIEST_INSTANT.isoformat()} and now.")
    request_id = uuid4()
    accepted = AcceptedRequest(
        request_id=request_id,
        reason=order.reason,
        requested_by=f"api:{caller.name}",
        data_cutoff=order.data_cutoff,
        requested_at=now,
    )
    async with gateway.writing() as transaction:

        async def act() -> AcceptedRequest:
            payload = TrainingRequested(
                reason=order.reason,
                requested_by=accepted.requested_by,
                request_id=request_id,
                data_cutoff=order.data_cutoff,
            )
            await transaction.emit(payload, message_id=request_id)
            return accepted

        # Without a key of the caller's it is kept under its own: the answer says where the request stands until the
        # trainer has it.
        key = idempotency_key or f"request:{request_id}"
        answer = await once(transaction, caller, key, what="training", order=order, status=202, act=act)
    location = f"/v1/training-requests/{orjson.loads(answer.response_body)['request_id']}"
    headers = {"Location": location, "Cache-Control": "no-store"}
    return Response(answer.response_body, status_code=202, media_type="application/json", headers=headers)


@router.get("/v1/training-requests", operation_id="list_training_requests", responses=documented(400, 422, 503))
async def requests(
    request: Request,
    status: Status | None = None,
    reason: Annotated[Reason | None, Query(description="Exactly this")] = None,
    requested_by: Annotated[Actor | None, Query(description="Exactly this, as in an answer")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> TrainingRequestPage:
    """Requests that reached the trainer's queue, newest first."""
    gateway = gateway_of(request)
    scope = ("training-requests", str(status), str(reason), str(requested_by))
    page = Page.asked(gateway, scope, cursor, limit, UUID)
    async with gateway.reading() as connection:
        rows = await training.requests(
            connection,
            status=status,
            reason=reason,
            requested_by=requested_by,
            before=page.before,
            limit=page.fetch,
        )
    shown, following = page.cut(rows, lambda row: (row.requested_at, row.request_id))
    return TrainingRequestPage(items=[TrainingRequestDocument(**asdict(row)) for row in shown], next_cursor=following)


@router.get(
    "/v1/training-requests/{request_id}",
    operation_id="get_training_request",
    responses=documented(404, 422, 503),
)
async def training_request(request: Request, request_id: UUID) -> TrainingRequestDocument:
    """Where a request stands."""
    async with gateway_of(request).reading() as connection:
        return await _standing(connection, request_id)


@router.post(
    "/v1/training-requests/{request_id}/cancel",
    operation_id="cancel_training_request",
    summary="Withdraw a request that nobody works on yet",
    responses=documented(401, 403, 404, 409, 413, 422, 503),
)
async def cancel(request: Request, request_id: UUID, caller: Trainer) -> TrainingRequestDocument:
    """By who asked for it, or by the operator. Cancelling twice is cancelling once; 409 when it runs or has run."""
    gateway = gateway_of(request)
    now = gateway.clock.now()
    async with asyncio.timeout(gateway.config.database_timeout_s), gateway.database.transaction() as connection:
        found = await _standing(connection, request_id)
        if caller.key_id != OPERATOR and found.requested_by != f"api:{caller.name}":
            raise ForbiddenError(
                f"The request {request_id} is by {found.requested_by}; only they or the operator cancel."
            )
        if found.status == "accepted":
            # Its message is still on its way: the trainer finds a request that is over already, and leaves it.
            await training.enter_cancelled(connection, found.request_id, found, at=now)
        await training_requests.cancel(connection, request_id, at=now)
        found = await _standing(connection, request_id)
    if found.status != "cancelled":
        raise ConflictError(f"The request is {found.status}; only one that is queued can be cancelled.")
    return found


async def _standing(connection: Connection, request_id: UUID) -> TrainingRequestDocument:
    """Raises NotFoundError."""
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

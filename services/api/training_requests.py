"""Training requests: create, follow, withdraw. Row and message commit together."""

from functools import partial
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import OPERATOR, Caller, caller_with
from services.api.gateway import gateway_of
from services.api.idempotency import Once, once_with
from services.api.paging import Cursor, Instant, Limit, Page, Place, by_time
from services.api.problems import ForbiddenError, documented
from services.api.schemas import Strict
from shared.contracts.messages import EARLIEST_INSTANT, Actor, Reason, TrainingRequested
from shared.errors import ConflictError, InvalidInputError
from shared.registry import training_requests
from shared.registry.training_requests import Status, TrainingRequest

router = APIRouter(tags=["lifecycle"])
Trainer = Annotated[Caller, Depends(caller_with("train"))]


class TrainingOrder(Strict):
    """What to train."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "drift"}]})

    reason: Annotated[Reason, Field(description="Why; a key has one open request per reason")]
    data_cutoff: Annotated[
        Instant | None, Field(description="Train on sales before this instant; default: by policy")
    ] = None


@router.post(
    "/v1/training-requests",
    operation_id="create_training_request",
    summary="Request the training of a contender",
    status_code=202,
    response_class=Response,
    responses={202: {"model": TrainingRequest}, **documented(400, 401, 403, 409, 413, 422, 429, 503)},
)
async def create(order: TrainingOrder, once: Annotated[Once, Depends(once_with("train"))]) -> Response:
    if order.data_cutoff is not None and not EARLIEST_INSTANT < order.data_cutoff <= once.gateway.clock.now():
        raise InvalidInputError(f"data_cutoff must lie between {EARLIEST_INSTANT.isoformat()} and now.")
    asked = TrainingRequested(requested_by=once.caller.actor, **order.model_dump())
    act = partial(
        training_requests.ask,
        request=asked,
        origin=once.caller.origin,
        most_open=once.gateway.config.training_requests_per_origin,
    )
    answer = await once.answer("training", order, act, status=202)
    answer.headers["Location"] = f"/v1/training-requests/{orjson.loads(answer.body)['request_id']}"
    return answer


@router.get("/v1/training-requests", operation_id="list_training_requests", responses=documented(400, 422, 503))
async def requests(
    request: Request,
    status: Status | None = None,
    reason: Annotated[Reason | None, Query(description="Exactly this")] = None,
    requested_by: Annotated[Actor | None, Query(description="Exactly this, as in an answer")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[TrainingRequest]:
    """Training requests, newest first."""
    gateway = gateway_of(request)
    scope = ("training-requests", str(status), str(reason), str(requested_by))
    place = Place.asked(gateway, scope, cursor, limit, by_time(UUID))
    async with gateway.reading() as connection:
        rows = await training_requests.listing(
            connection,
            status=status,
            reason=reason,
            requested_by=requested_by,
            before=place.before,
            limit=place.fetch,
        )
    return place.page(rows, lambda row: (row.requested_at, row.request_id))


@router.get(
    "/v1/training-requests/{request_id}",
    operation_id="get_training_request",
    responses=documented(404, 422, 503),
)
async def training_request(request: Request, request_id: UUID) -> TrainingRequest:
    """The state of a training request."""
    async with gateway_of(request).reading() as connection:
        return await training_requests.get(connection, request_id)


@router.post(
    "/v1/training-requests/{request_id}/cancel",
    operation_id="cancel_training_request",
    summary="Withdraw a queued request",
    responses=documented(401, 403, 404, 409, 413, 422, 503),
)
async def cancel(request: Request, request_id: UUID, caller: Trainer) -> TrainingRequest:
    """Only the requester and the operator may cancel. Repeating has no effect; 409 if training has begun or ended."""
    gateway = gateway_of(request)
    async with gateway.writing(scope="train") as transaction:
        await caller.hold(transaction)
        connection = transaction.connection
        found = await training_requests.get(connection, request_id)
        if caller.key_id != OPERATOR and found.origin != caller.origin:
            raise ForbiddenError(
                f"The request {request_id} belongs to {found.requested_by}; only {found.requested_by} or the operator "
                "can cancel the request."
            )
        await training_requests.cancel(connection, request_id, at=gateway.clock.now())
        found = await training_requests.get(connection, request_id)
    if found.status != "cancelled":
        raise ConflictError(f"The request is {found.status}; only a queued request can be cancelled.")
    return found

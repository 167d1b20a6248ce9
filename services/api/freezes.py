"""Freezes of automatic promotions."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import Caller, caller_with
from services.api.gateway import gateway_of
from services.api.idempotency import Once, once_with
from services.api.paging import Instant, List
from services.api.problems import documented
from services.api.schemas import Strict
from shared.contracts.messages import Reason
from shared.errors import InvalidInputError
from shared.registry import freezes
from shared.registry.freezes import Freeze

router = APIRouter(tags=["operator"])


class FreezeOrder(Strict):
    """Stop automatic promotions."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "a node reports old blocks"}]})

    reason: Reason
    expires_at: Annotated[Instant | None, Field(description="Default: until a person lifts it")] = None


@router.get("/v1/freezes", operation_id="list_freezes", responses=documented(422, 503))
async def list_freezes(
    request: Request,
    active: Annotated[
        bool | None, Query(description="`true`: only freezes in force; `false`: only other freezes")
    ] = None,
) -> List[Freeze]:
    """Freezes of automatic promotions, newest first, at most 200."""
    gateway = gateway_of(request)
    async with gateway.reading() as connection:
        return List(items=await freezes.listing(connection, at=gateway.clock.now(), in_force=active))


@router.post(
    "/v1/freezes",
    operation_id="create_freeze",
    summary="Stop automatic promotions",
    status_code=201,
    response_class=Response,
    responses={201: {"model": Freeze}, **documented(400, 401, 403, 409, 413, 422, 503)},
)
async def freeze(order: FreezeOrder, once: Annotated[Once, Depends(once_with("operate"))]) -> Response:
    """The freeze lasts until it expires or a person lifts it. Rollbacks continue."""
    if order.expires_at is not None and order.expires_at <= once.gateway.clock.now():
        raise InvalidInputError("expires_at must be in the future.")
    act = partial(freezes.freeze_by_person, actor=once.caller.actor, reason=order.reason, expires_at=order.expires_at)
    return await once.answer("freeze", order, act, status=201)


@router.post(
    "/v1/freezes/{freeze_id}/lift",
    operation_id="lift_freeze",
    summary="Lift a freeze, so that automatic promotions resume",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def lift(request: Request, freeze_id: UUID, caller: Annotated[Caller, Depends(caller_with("operate"))]) -> Freeze:
    """Repeating the call has no effect; the record keeps who lifted the freeze first."""
    gateway = gateway_of(request)
    now = gateway.clock.now()
    async with gateway.writing(scope="operate") as transaction:
        await caller.hold(transaction)
        await freezes.lift(transaction.connection, freeze_id, actor=caller.actor, at=now)
        return await freezes.get(transaction.connection, freeze_id, at=now)

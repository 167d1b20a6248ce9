"""Operator acts on models and freezes: the same operations, decisions and messages as the command line's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from services.api.auth import Caller, caller_with
from services.api.gateway import Gateway, gateway_of
from services.api.idempotency import IdempotencyKey, once
from services.api.operator_acts.schemas import (
    ActDocument,
    FreezeOrder,
    OperatorOrder,
    PromoteOrder,
    RollbackOrder,
)
from services.api.paging import List
from services.api.problems import documented
from shared.contracts.messages import ModelId
from shared.errors import ConflictError, InvalidInputError
from shared.messaging.transaction import Transaction
from shared.registry import freezes, operations
from shared.registry.alerts import raise_alert
from shared.registry.freezes import Freeze
from shared.registry.operations import Act, Done
from shared.registry.pointer import Stale, Swapped

router = APIRouter(tags=["operator"])
Operator = Annotated[Caller, Depends(caller_with("operate"))]
ActName = Literal["promote", "rollback", "quarantine"]
_ACTED = {200: {"model": ActDocument}, **documented(400, 401, 403, 404, 409, 413, 422, 503)}


@router.post(
    "/v1/models/{model_id}/promote",
    operation_id="promote_model",
    summary="Make a judged contender, a shadow or a former champion the champion",
    response_class=Response,
    responses=_ACTED,
)
async def promote(
    request: Request, model_id: ModelId, order: PromoteOrder, caller: Operator, idempotency_key: IdempotencyKey = None
) -> Response:
    """Despite a freeze or a cool-down. A model that was rejected or rolled back needs `override`."""
    gateway = gateway_of(request)

    def act(transaction: Transaction, wanted: Act) -> Awaitable[Done]:
        return operations.promote(transaction, wanted, gateway.policy, override=order.override)

    return await _act(gateway, "promote", model_id, order, caller, idempotency_key, act)


@router.post(
    "/v1/models/{model_id}/rollback",
    operation_id="roll_back_model",
    summary="Take the champion down and bring the one before back",
    response_class=Response,
    responses=_ACTED,
)
async def roll_back(
    request: Request, model_id: ModelId, order: RollbackOrder, caller: Operator, idempotency_key: IdempotencyKey = None
) -> Response:
    """`model_id` is the champion that falls."""
    gateway = gateway_of(request)

    def act(transaction: Transaction, wanted: Act) -> Awaitable[Done]:
        return operations.roll_back(transaction, wanted, gateway.policy, to=order.to)

    return await _act(gateway, "rollback", model_id, order, caller, idempotency_key, act)


@router.post(
    "/v1/models/{model_id}/quarantine",
    operation_id="quarantine_model",
    summary="Take a model out of everything for good",
    response_class=Response,
    responses=_ACTED,
)
async def quarantine(
    request: Request, model_id: ModelId, order: OperatorOrder, caller: Operator, idempotency_key: IdempotencyKey = None
) -> Response:
    """Any model but the champion."""
    gateway = gateway_of(request)

    def act(transaction: Transaction, wanted: Act) -> Awaitable[Done]:
        return operations.quarantine(transaction, wanted, gateway.policy)

    return await _act(gateway, "quarantine", model_id, order, caller, idempotency_key, act)


@router.get("/v1/freezes", operation_id="list_freezes", responses=documented(422, 503))
async def list_freezes(
    request: Request,
    active: Annotated[bool | None, Query(description="Only those in force, or only the others")] = None,
) -> List[Freeze]:
    """Freezes of automatic promotions, newest first, at most 200."""
    gateway = gateway_of(request)
    async with gateway.reading() as connection:
        found = await freezes.listing(connection, at=gateway.clock.now(), in_force=active)
    return List[Freeze](items=found)


@router.post(
    "/v1/freezes",
    operation_id="create_freeze",
    summary="Stop automatic promotions",
    status_code=201,
    response_class=Response,
    responses={201: {"model": Freeze}, **documented(400, 401, 403, 409, 413, 422, 503)},
)
async def freeze(
    request: Request, order: FreezeOrder, caller: Operator, idempotency_key: IdempotencyKey = None
) -> Response:
    """Until it expires or a person lifts it. Rollbacks go on."""
    gateway = gateway_of(request)
    now = gateway.clock.now()
    if order.expires_at is not None and order.expires_at <= now:
        raise InvalidInputError("expires_at must lie ahead.")
    async with gateway.writing() as transaction:

        async def act() -> Freeze:
            identity, actor = uuid4(), f"api:{caller.name}"
            await freezes.freeze(
                transaction.connection, identity, actor=actor, reason=order.reason, at=now, expires_at=order.expires_at
            )
            summary = f"promotions are frozen by {actor}: {order.reason}"
            await raise_alert(transaction, "freeze", "info", summary, key=str(identity))
            return await freezes.get(transaction.connection, identity, at=now)

        answer = await once(transaction, caller, idempotency_key, what="freeze", order=order, status=201, act=act)
    return _answer(answer.response_status, answer.response_body)


@router.post(
    "/v1/freezes/{freeze_id}/lift",
    operation_id="lift_freeze",
    summary="Let automatic promotions go on",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def lift(request: Request, freeze_id: UUID, caller: Operator) -> Freeze:
    """Lifting twice is lifting once; who did it first stays on record."""
    gateway = gateway_of(request)
    now = gateway.clock.now()
    async with gateway.writing() as transaction:
        await freezes.lift(transaction.connection, freeze_id, actor=f"api:{caller.name}", at=now)
        return await freezes.get(transaction.connection, freeze_id, at=now)


async def _act(
    gateway: Gateway,
    name: ActName,
    model_id: str,
    order: OperatorOrder,
    caller: Caller,
    key: str | None,
    carry_out: Callable[[Transaction, Act], Awaitable[Done]],
) -> Response:
    async with gateway.writing() as transaction:

        async def act() -> ActDocument:
            wanted = Act(
                model_id=model_id,
                actor=f"api:{caller.name}",
                reason=order.reason,
                at=gateway.clock.now(),
                expected_generation=order.expected_generation,
            )
            return _done(name, wanted, await carry_out(transaction, wanted))

        what = f"{name} {model_id}"
        answer = await once(transaction, caller, key, what=what, order=order, status=200, act=act)
    return _answer(answer.response_status, answer.response_body)


def _done(name: ActName, wanted: Act, done: Done) -> ActDocument:
    moved = done.outcome
    if isinstance(moved, Stale):
        # Raised within the transaction: a decision that moved nothing is not kept.
        raise ConflictError(
            f"The model pointer is at generation {moved.actual}, not {moved.expected}; read /v1/models/current again."
        )
    outcome: Literal["swapped", "already_applied", "recorded"] = "recorded"
    if moved is not None:
        outcome = "swapped" if isinstance(moved, Swapped) else "already_applied"
    return ActDocument(
        decision_id=done.decision_id,
        act=name,
        model_id=wanted.model_id,
        outcome=outcome,
        pointer_generation=None if moved is None else moved.generation,
        actor=wanted.actor,
        reason=wanted.reason,
        decided_at=wanted.at,
    )


def _answer(status: int, body: str) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(body, status_code=status, media_type="application/json", headers=headers)

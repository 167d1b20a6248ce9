"""Operator acts on models: the same operations, decisions and messages as the command line's."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.api.idempotency import Once, once_with
from services.api.operator_acts.schemas import (
    ActDocument,
    ActName,
    OperatorOrder,
    Outcome,
    PromoteOrder,
    RollbackOrder,
)
from services.api.problems import documented
from shared.contracts.messages import ModelId
from shared.errors import ConflictError
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry import operations
from shared.registry.operations import Act, Done
from shared.registry.pointer import Stale, Swapped

router = APIRouter(tags=["operator"])
OperatorOnce = Annotated[Once, Depends(once_with("operate"))]
_ACTED = {200: {"model": ActDocument}, **documented(400, 401, 403, 404, 409, 413, 422, 503)}


@router.post(
    "/v1/models/{model_id}/promote",
    operation_id="promote_model",
    summary="Make a judged contender, a shadow or a former champion the champion",
    response_class=Response,
    responses=_ACTED,
)
async def promote(model_id: ModelId, order: PromoteOrder, once: OperatorOnce) -> Response:
    """Works during a freeze or a cool-down. A rejected or rolled-back model needs `override`."""

    def operation(transaction: Transaction, act: Act, policy: Policy) -> Awaitable[Done]:
        return operations.promote(transaction, act, policy, override=order.override)

    return await _carry_out(once, "promote", model_id, order, operation)


@router.post(
    "/v1/models/{model_id}/rollback",
    operation_id="roll_back_model",
    summary="Roll back to the previous champion, or to another retired model",
    response_class=Response,
    responses=_ACTED,
)
async def roll_back(model_id: ModelId, order: RollbackOrder, once: OperatorOnce) -> Response:
    """`model_id` must be the current champion."""

    def operation(transaction: Transaction, act: Act, policy: Policy) -> Awaitable[Done]:
        return operations.roll_back(transaction, act, policy, to=order.to)

    return await _carry_out(once, "rollback", model_id, order, operation)


@router.post(
    "/v1/models/{model_id}/quarantine",
    operation_id="quarantine_model",
    summary="Exclude a model permanently",
    response_class=Response,
    responses=_ACTED,
)
async def quarantine(model_id: ModelId, order: OperatorOrder, once: OperatorOnce) -> Response:
    """Any model except the champion can be quarantined."""
    return await _carry_out(once, "quarantine", model_id, order, operations.quarantine)


async def _carry_out(
    once: Once,
    name: ActName,
    model_id: str,
    order: OperatorOrder,
    operation: Callable[[Transaction, Act, Policy], Awaitable[Done]],
) -> Response:
    async def act(transaction: Transaction) -> ActDocument:
        asked = Act(
            model_id=model_id,
            actor=once.caller.actor,
            reason=order.reason,
            at=once.gateway.clock.now(),
            expected_generation=order.expected_generation,
            key_id=once.caller.key_id,
        )
        return _document(name, asked, await operation(transaction, asked, once.gateway.policy))

    return await once.answer(f"{name} {model_id}", order, act, status=200)


def _document(name: ActName, asked: Act, done: Done) -> ActDocument:
    moved = done.outcome
    if isinstance(moved, Stale):
        # Raised within the transaction: a decision that moved nothing is not kept.
        raise ConflictError(
            f"The model pointer is at generation {moved.actual}, not {moved.expected}; read /v1/models/current again."
        )
    outcome: Outcome = "recorded"
    if moved is not None:
        outcome = "swapped" if isinstance(moved, Swapped) else "already_applied"
    return ActDocument(
        decision_id=done.decision_id,
        act=name,
        model_id=asked.model_id,
        outcome=outcome,
        pointer_generation=None if moved is None else moved.generation,
        actor=asked.actor,
        reason=asked.reason,
        decided_at=asked.at,
    )

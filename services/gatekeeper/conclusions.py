"""Carries out a decision in the transaction that records it: states, shadows, pointer and messages."""

from uuid import uuid5

from shared.contracts.messages import ContenderRejected, ShadowStarted
from shared.errors import TransientError
from shared.messaging.transaction import Transaction
from shared.registry import models, operations, pointer, shadows
from shared.registry.decisions import Decision


class PointerMovedError(TransientError):
    """The champion changed while the evidence was gathered. Gather the evidence again."""


async def promote(transaction: Transaction, decision: Decision) -> None:
    """Raises PointerMovedError: the pointer has moved since the evidence was gathered."""
    outcome = await operations.carry_out_promotion(transaction, decision)
    if isinstance(outcome, pointer.Stale):
        raise PointerMovedError(f"the model pointer is at {outcome.actual}, expected {outcome.expected}")


async def start_shadow(transaction: Transaction, decision: Decision, champion_id: str) -> None:
    connection = transaction.connection
    await models.transition(connection, decision.subject_model, expected="evaluated", to="shadow")
    await shadows.start(
        connection,
        decision.subject_model,
        champion_id=champion_id,
        decision_id=decision.decision_id,
        at=decision.decided_at,
    )
    payload = ShadowStarted(model_id=decision.subject_model, decision_id=decision.decision_id)
    await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))


async def reject(transaction: Transaction, decision: Decision, *, state: models.State) -> None:
    connection = transaction.connection
    await models.transition(connection, decision.subject_model, expected=state, to="rejected")
    payload = ContenderRejected(
        model_id=decision.subject_model, decision_id=decision.decision_id, reason=decision.reason
    )
    await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))

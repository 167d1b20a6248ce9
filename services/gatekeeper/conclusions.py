"""What follows from a judgement: the decision's row, and the states, shadows and messages that it moves."""

from __future__ import annotations

from uuid import uuid5

from shared.clock import Clock
from shared.contracts.messages import ContenderRejected, ShadowStarted
from shared.errors import TransientError
from shared.evaluation import judgement
from shared.evaluation.judgement import Judgement
from shared.evaluation.policy import Policy
from shared.messaging.transaction import Transaction
from shared.registry import decisions, models, operations, pointer, shadows
from shared.registry.decisions import Decision


class PointerMovedError(TransientError):
    """The champion changed while the evidence was taken; it must be taken again."""


class Conclusions:
    """Carries decisions out within the transaction that records them."""

    def __init__(self, *, clock: Clock, policy: Policy, actor: str) -> None:
        self._clock = clock
        self._policy = policy
        self._actor = actor

    def decision(
        self, kind: decisions.Kind, model_id: str, champion_id: str | None, generation: int, judged: Judgement
    ) -> Decision:
        """The decision that a judgement amounts to now, with an owner and a time-out when it leaves something open."""
        now = self._clock.now()
        patience = judgement.patience(judged.action, self._policy)
        return Decision(
            kind=kind,
            subject_model=model_id,
            champion_model=champion_id,
            verdict=judged.verdict,
            action=judged.action,
            policy_hash=self._policy.policy_hash,
            evidence=judged.evidence,
            actor=self._actor,
            reason=judged.reason,
            expected_generation=generation,
            decided_at=now,
            owner=None if patience is None else self._policy.inconclusive.owner,
            expires_at=None if patience is None else now + patience,
        )

    async def promote(self, transaction: Transaction, decision: Decision) -> None:
        """Raises PointerMovedError: the pointer is not where the evidence was taken."""
        outcome = await operations.carry_out_promotion(transaction, decision)
        if isinstance(outcome, pointer.Stale):
            raise PointerMovedError(f"the model pointer is at {outcome.actual}, expected {outcome.expected}")

    async def start_shadow(self, transaction: Transaction, decision: Decision, champion_id: str) -> None:
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

    async def reject(self, transaction: Transaction, decision: Decision, *, state: models.State) -> None:
        connection = transaction.connection
        await models.transition(connection, decision.subject_model, expected=state, to="rejected")
        payload = ContenderRejected(
            model_id=decision.subject_model, decision_id=decision.decision_id, reason=decision.reason
        )
        await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))

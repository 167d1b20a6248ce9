"""Judge contenders and matured shadows, record the decision with its evidence, and carry it out.

One transaction holds the decision, the states it moves, the pointer and the messages that tell of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid5

import structlog

from services.gatekeeper.evidence import EvidenceGatherer, Gathered
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    ContenderRegistered,
    ContenderRejected,
    ModelPromoted,
    ShadowMatured,
    ShadowStarted,
)
from shared.database.pool import Connection, Database
from shared.errors import TransientError
from shared.evaluation import eprocess
from shared.evaluation.checks import Verdict
from shared.evaluation.gates import GateResult, Restraint, decide, restrain
from shared.evaluation.policy import Policy
from shared.evaluation.watch import shadow_outcome
from shared.messaging.transaction import Transaction, handling
from shared.registry import decisions, freezes, models, pointer, promotions, sequential, shadows
from shared.registry.decisions import Action, Decision
from shared.registry.models import ModelRecord
from shared.registry.shadows import Shadow

log = structlog.get_logger(__name__)
CONSUMER = "gatekeeper"
_SHADOW_DECISIONS: dict[str, tuple[Verdict, Action]] = {
    "not_worse": ("pass", "promote"),
    "worse": ("fail", "reject"),
    "expired": ("inconclusive", "reject"),
}


class PointerMovedError(TransientError):
    """The champion changed while the evidence was taken; it must be taken again."""


@dataclass(frozen=True)
class _Situation:
    """Where things stand when a contender arrives."""

    contender: ModelRecord
    champion: ModelRecord | None
    generation: int
    restraint: Restraint


class Gatekeeper:
    """Decides what becomes of contenders."""

    def __init__(self, *, database: Database, clock: Clock, policy: Policy, gatherer: EvidenceGatherer) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._gatherer = gatherer

    async def on_contender_registered(self, message: Envelope) -> None:
        """Gate a contender against the champion.

        Raises:
            PointerMovedError: another promotion or rollback came in between.
        """
        assert isinstance(message.data, ContenderRegistered)
        async with self._database.connection() as connection:
            situation = await self._situation(connection, message.data.model_id)
        if situation.contender.state != "registered":
            async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
                log.info("gate.skipped", model=situation.contender.model_id, state=situation.contender.state)
            return
        gathered = await self._gatherer.gather(situation.contender, situation.champion)
        result = decide(gathered.evidence, self._policy)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            await self._conclude(transaction, situation, gathered, result)

    async def on_shadow_matured(self, message: Envelope) -> None:
        """End a shadow: promote it or reject it. What does not fit the recorded test any more is ignored."""
        matured = message.data
        assert isinstance(matured, ShadowMatured)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            connection, now = transaction.connection, self._clock.now()
            await pointer.lock(connection)
            current = await pointer.read(connection)
            shadow = await shadows.get(connection, matured.model_id)
            if (
                shadow is None
                or shadow.ended_at is not None
                or current is None
                or {shadow.champion_id, matured.champion_id} != {current.model_id}
            ):
                log.info("shadow.outdated", model=matured.model_id, outcome=matured.outcome)
                return
            stored = await sequential.load(connection, shadow.test_id)
            state = stored.state if stored else eprocess.start(self._policy.sequential)
            outcome = shadow_outcome(state, first_started_at=shadow.first_started_at, now=now, policy=self._policy)
            if outcome != matured.outcome:
                log.warning("shadow.contradicted", model=matured.model_id, told=matured.outcome, stored=outcome)
                return
            if outcome == "not_worse" and (held := await self._held(connection)):
                log.info("shadow.held", model=matured.model_id, reason=held)
                return
            await self._end_shadow(transaction, shadow, outcome, state, current.generation)

    async def _situation(self, connection: Connection, model_id: str) -> _Situation:
        now = self._clock.now()
        at = await pointer.read(connection)
        cooling = await self._cooling_until(connection)
        freeze = await freezes.in_force(connection, at=now)
        running = await shadows.count_running(connection)
        return _Situation(
            contender=await models.get(connection, model_id),
            champion=None if at is None else await models.get(connection, at.model_id),
            generation=0 if at is None else at.generation,
            restraint=Restraint(
                frozen=None if freeze is None else freeze.reason,
                cooling_until=cooling,
                shadow_places=self._policy.shadow.max_running - running,
            ),
        )

    async def _cooling_until(self, connection: Connection) -> str | None:
        span = timedelta(hours=self._policy.rollback.cool_down_hours)
        last = await decisions.last_rollback(connection, after=self._clock.now() - span)
        return None if last is None else (last + span).isoformat()

    async def _held(self, connection: Connection) -> str | None:
        freeze = await freezes.in_force(connection, at=self._clock.now())
        return freeze.reason if freeze is not None else await self._cooling_until(connection)

    async def _conclude(
        self, transaction: Transaction, before: _Situation, gathered: Gathered, result: GateResult
    ) -> None:
        connection = transaction.connection
        await pointer.lock(connection)
        # Read again under the lock: a freeze or a rollback may have come while the evidence was taken.
        now = await self._situation(connection, before.contender.model_id)
        if now.generation != before.generation:
            raise PointerMovedError(
                f"the model pointer moved from {before.generation} to {now.generation}; the gate runs again"
            )
        if now.contender.state != "registered":
            return
        champion_id = None if now.champion is None else now.champion.model_id
        action, reason = restrain(result, now.restraint, has_champion=champion_id is not None)
        decision = Decision(
            kind="gate",
            subject_model=now.contender.model_id,
            champion_model=champion_id,
            verdict=result.verdict,
            action=action,
            policy_hash=self._policy.policy_hash,
            evidence=decisions.evidence_of(
                contender_sha256=now.contender.artifact_sha256,
                champion=champion_id,
                evaluation_snapshot=gathered.evaluation_snapshot,
                nowcast_snapshot=gathered.nowcast_snapshot,
                checks=[check.as_dict() for check in result.checks],
                scorecards={name: card.as_dict() for name, card in result.scorecards.items()},
            ),
            actor=CONSUMER,
            reason=reason[:2000],
            expected_generation=now.generation,
            decided_at=self._clock.now(),
        )
        await decisions.record(connection, decision, result.checks, self._policy)
        await models.transition(connection, decision.subject_model, expected="registered", to="evaluated")
        if action == "promote":
            await self._promote(transaction, decision)
        elif action == "start_shadow":
            assert champion_id is not None
            await self._start_shadow(transaction, decision, champion_id)
        elif action == "reject":
            await self._reject(transaction, decision, state="evaluated")
        log.info("gate.decided", model=decision.subject_model, action=action, reason=reason)

    async def _promote(self, transaction: Transaction, decision: Decision) -> None:
        connection, at = transaction.connection, decision.decided_at
        outcome = await pointer.promote(
            connection, decision.subject_model, decision, expected_generation=decision.expected_generation
        )
        if isinstance(outcome, pointer.Stale):
            raise PointerMovedError(f"the model pointer is at {outcome.actual}, expected {outcome.expected}")
        if isinstance(outcome, pointer.AlreadyApplied):
            return
        await promotions.begin(
            connection,
            decision.decision_id,
            model_id=decision.subject_model,
            previous_model_id=outcome.replaced,
            at=at,
        )
        await shadows.restart(connection, champion_id=decision.subject_model, at=at)
        payload = ModelPromoted(
            model_id=decision.subject_model,
            previous_model_id=outcome.replaced,
            decision_id=decision.decision_id,
            pointer_generation=outcome.generation,
        )
        await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))

    async def _start_shadow(self, transaction: Transaction, decision: Decision, champion_id: str) -> None:
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

    async def _reject(self, transaction: Transaction, decision: Decision, *, state: models.State) -> None:
        connection = transaction.connection
        await models.transition(connection, decision.subject_model, expected=state, to="rejected")
        payload = ContenderRejected(
            model_id=decision.subject_model, decision_id=decision.decision_id, reason=decision.reason
        )
        await transaction.emit(payload, message_id=uuid5(decision.decision_id, payload.TYPE))
        alert = self._policy.retrain.rejections_alert
        if await decisions.rejections_in_a_row(connection, limit=alert) >= alert:
            log.error("gate.rejections_in_a_row", count=alert, advice="look at the newest decisions' evidence")

    async def _end_shadow(
        self,
        transaction: Transaction,
        shadow: Shadow,
        outcome: shadows.Outcome,
        state: eprocess.EState,
        generation: int,
    ) -> None:
        connection, now = transaction.connection, self._clock.now()
        verdict, action = _SHADOW_DECISIONS[outcome]
        decision = Decision(
            kind="shadow",
            subject_model=shadow.model_id,
            champion_model=shadow.champion_id,
            verdict=verdict,
            action=action,
            policy_hash=self._policy.policy_hash,
            evidence=decisions.evidence_of(
                test=shadow.test_id,
                outcome=outcome,
                sales=state.n,
                wealth_worse=state.worse,
                wealth_better=state.better,
                margin=self._policy.shadow.margin,
            ),
            actor=CONSUMER,
            reason=f"shadow {outcome} after {state.n} sales: E {state.e_worse:.2f} worse, {state.e_better:.2f} better",
            expected_generation=generation,
            decided_at=now,
        )
        await decisions.record(connection, decision, (), self._policy)
        await shadows.end(connection, shadow.model_id, outcome, at=now)
        if action == "promote":
            await self._promote(transaction, decision)
        else:
            await self._reject(transaction, decision, state="shadow")
        log.info("shadow.ended", model=shadow.model_id, outcome=outcome, sales=state.n)

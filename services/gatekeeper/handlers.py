"""Judge contenders and matured shadows, record the decision with its evidence, and carry it out.

One transaction holds the decision, the states it moves, the pointer and the messages that tell of it.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any
from uuid import uuid5

import structlog

from services.gatekeeper.conclusions import Conclusions, PointerMovedError
from services.gatekeeper.situation import Situation, cooling_until, situation_of
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    ContenderRegistered,
    RetrainCheckRequested,
    ShadowMatured,
)
from shared.database.pool import Connection, Database
from shared.errors import TransientError, UnsupportedModelError
from shared.evaluation import eprocess, gate_record, judgement
from shared.evaluation.policy import Policy
from shared.evaluation.watch import shadow_outcome
from shared.messaging.transaction import Transaction, handling
from shared.registry import decisions, freezes, models, pointer, promotions, sequential, shadows
from shared.registry.decisions import DecisionRecord
from shared.registry.evidence.gathering import EvidenceGatherer, Gathered
from shared.registry.models import ModelRecord
from shared.registry.pointer import Pointer
from shared.registry.shadows import Shadow

log = structlog.get_logger(__name__)
CONSUMER = "gatekeeper"
PATIENCE = timedelta(days=1)
"""Longer than any roll-out takes."""


class AnotherReleaseError(TransientError, ConnectionError):
    """The code that can judge this contender is not here. Waited for like an outage: it uses up no tries."""


class Gatekeeper:
    """Decides what becomes of contenders."""

    def __init__(self, *, database: Database, clock: Clock, policy: Policy, gatherer: EvidenceGatherer) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._gatherer = gatherer
        self._conclusions = Conclusions(clock=clock, policy=policy, actor=CONSUMER)

    async def on_contender_registered(self, message: Envelope) -> None:
        """Gate a contender against the champion.

        Raises:
            PointerMovedError: another promotion or rollback came in between.
            AnotherReleaseError: this code cannot judge it, and that of another release may.
        """
        assert isinstance(message.data, ContenderRegistered)
        async with self._database.connection() as connection:
            situation = await self._situation(connection, message.data.model_id)
        if situation.contender.state != "registered":
            async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
                log.info("gate.skipped", model=situation.contender.model_id, state=situation.contender.state)
            return
        try:
            gathered = await self._gatherer.gather(
                situation.contender, situation.champion, situation.anchor, unsupported=situation.unsupported
            )
        except UnsupportedModelError as error:
            await self._leave(message, situation.contender, error)
            return
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            await self._conclude(transaction, situation, gathered)

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
            test_id = await sequential.name_of(connection, shadow.test_id)
            stored = await sequential.load(connection, test_id)
            state = stored.state if stored else eprocess.start(self._policy.sequential)
            outcome = shadow_outcome(state, first_started_at=shadow.first_started_at, now=now, policy=self._policy)
            if outcome != matured.outcome:
                log.warning("shadow.contradicted", model=matured.model_id, told=matured.outcome, stored=outcome)
                return
            if outcome == "not_worse" and (held := await self._held(connection)):
                log.info("shadow.held", model=matured.model_id, reason=held)
                return
            await self._end_shadow(transaction, shadow, outcome, test_id, state, current)

    async def on_day_passed(self, message: Envelope) -> None:
        """Reject contenders that nobody decided about in time; look again at those that no gate has judged."""
        assert isinstance(message.data, RetrainCheckRequested)
        now = self._clock.now()
        oldest = now - timedelta(days=self._policy.inconclusive.max_days)
        async with self._database.connection() as connection:
            left = await models.registered(connection, after=oldest, before=now - PATIENCE)
            if not left and not await decisions.expired(connection, at=now):
                return
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            connection = transaction.connection
            await pointer.lock(connection)
            for open_decision in await decisions.expired(connection, at=now):
                await self._expire(transaction, open_decision)
            for record in left:
                payload = ContenderRegistered(model_id=record.model_id, request_id=record.training_request)
                await transaction.emit(payload, message_id=uuid5(message.id, record.model_id))

    async def _situation(self, connection: Connection, model_id: str) -> Situation:
        return await situation_of(connection, model_id, now=self._clock.now(), policy=self._policy)

    async def _leave(self, message: Envelope, contender: ModelRecord, error: UnsupportedModelError) -> None:
        """Leave a contender to the code of another release: it stays registered, for that code to judge.

        While a release is rolled out, the message goes round until a gatekeeper takes it that can. After that it is
        acknowledged, and the daily look sends another one.

        Raises:
            AnotherReleaseError: within the patience.
        """
        told = f"this code cannot judge {contender.model_id} ({error}); the gatekeeper of another release may"
        if self._clock.now() - contender.registered_at < PATIENCE:
            raise AnotherReleaseError(told)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
            log.error("gate.left", model=contender.model_id, reason=told)

    async def _held(self, connection: Connection) -> str | None:
        """Why a shadow that proved itself must wait.

        Its margin is wider than the gate's, so two unconfirmed promotions are never stacked through a shadow.
        """
        freeze = await freezes.in_force(connection, at=self._clock.now())
        if freeze is not None:
            return freeze.reason
        promotion = await promotions.current(connection)
        if promotion is not None and promotion.previous_model_id is not None:
            return f"{promotion.model_id} is on probation"
        return await cooling_until(connection, now=self._clock.now(), policy=self._policy)

    async def _conclude(self, transaction: Transaction, before: Situation, gathered: Gathered) -> None:
        connection = transaction.connection
        await pointer.lock(connection)
        # Read again under the lock: a freeze or a rollback may have come while the evidence was taken.
        now = await self._situation(connection, before.contender.model_id)
        if gathered.evidence.champion_unsupported is not None and now.unsupported is None:
            raise AnotherReleaseError("the champion is served again, by code of another release; the gate runs again")
        if not now.same_comparison(before):
            raise PointerMovedError(
                f"the model pointer moved from {before.generation} to {now.generation}, or its champion was confirmed; "
                "the gate runs again"
            )
        if now.contender.state != "registered":
            return
        champion_id = None if now.champion is None else now.champion.model_id
        judged = judgement.gate(
            {
                "kind": "gate",
                "model": now.contender.model_id,
                "contender_sha256": now.contender.artifact_sha256,
                "champion": champion_id,
                "anchor": None if now.anchor is None else now.anchor.model_id,
                "expected_generation": now.generation,
                "evaluation_snapshot": gathered.evaluation_snapshot,
                "nowcast_snapshot": gathered.nowcast_snapshot,
                "restraint": asdict(now.restraint),
                "evidence": gate_record.to_plain(gathered.evidence, self._policy),
            },
            self._policy,
        )
        decision = self._conclusions.decision("gate", now.contender.model_id, champion_id, now.generation, judged)
        await decisions.record(connection, decision, judged.checks, self._policy)
        await models.transition(connection, decision.subject_model, expected="registered", to="evaluated")
        if judged.action == "promote":
            await self._conclusions.promote(transaction, decision)
        elif judged.action == "start_shadow":
            assert champion_id is not None
            await self._conclusions.start_shadow(transaction, decision, champion_id)
        elif judged.action == "reject":
            await self._conclusions.reject(transaction, decision, state="evaluated")
        log.info("gate.decided", model=decision.subject_model, action=judged.action, reason=judged.reason)

    async def _end_shadow(
        self,
        transaction: Transaction,
        shadow: Shadow,
        outcome: shadows.Outcome,
        test_id: str,
        state: eprocess.EState,
        current: Pointer,
    ) -> None:
        connection, now = transaction.connection, self._clock.now()
        fresh = await shadows.outcomes(connection, shadow.model_id, since=shadow.first_started_at)
        judged = judgement.shadow(
            {
                "kind": "shadow",
                "model": shadow.model_id,
                "champion": shadow.champion_id,
                "expected_generation": current.generation,
                "test": test_id,
                "margin": self._policy.shadow.margin,
                "sales": state.n,
                "wealth_worse": state.worse,
                "wealth_better": state.better,
                "gate": shadow.decision_id,
                "first_started_at": shadow.first_started_at.isoformat(),
                "decided_at": now.isoformat(),
                "holdout": await self._holdout(connection, shadow) if outcome == "not_worse" else None,
                "fresh": asdict(fresh),
            },
            self._policy,
        )
        if judged.action == "none":
            log.info("shadow.waits", model=shadow.model_id, reason=judged.reason)
            return
        decision = self._conclusions.decision("shadow", shadow.model_id, shadow.champion_id, current.generation, judged)
        await decisions.record(connection, decision, judged.checks, self._policy)
        if judged.action == "promote":
            await shadows.end(connection, shadow.model_id, outcome, at=now)
            await self._conclusions.promote(transaction, decision)
        else:
            failed: shadows.Outcome = "worse" if judged.verdict == "fail" else "expired"
            await shadows.end(connection, shadow.model_id, failed, at=now)
            await self._conclusions.reject(transaction, decision, state="shadow")
        log.info("shadow.ended", model=shadow.model_id, outcome=outcome, action=judged.action, sales=state.n)

    async def _holdout(self, connection: Connection, shadow: Shadow) -> dict[str, Any] | None:
        """The hold-out that its gate was decided on, with the champion of then; None when that is not on record."""
        gate = await decisions.get(connection, shadow.decision_id)
        recorded = gate.evidence.get("evidence", {}).get("sales")
        if recorded is None:
            return None
        sales = gate_record.sales_from_plain(recorded)
        return gate_record.sales_to_plain(replace(sales, anchor=None))

    async def _expire(self, transaction: Transaction, waited: DecisionRecord) -> None:
        connection = transaction.connection
        at = await pointer.read(connection)
        judged = judgement.waiting(
            {
                "kind": "gate",
                "model": waited.subject_model,
                "champion": waited.champion_model,
                "expected_generation": 0 if at is None else at.generation,
                "waited_for": waited.decision_id,
                "owner": waited.owner,
                "since": waited.decided_at.isoformat(),
                "decided_at": self._clock.now().isoformat(),
            },
            self._policy,
        )
        generation = 0 if at is None else at.generation
        decision = self._conclusions.decision("gate", waited.subject_model, waited.champion_model, generation, judged)
        await decisions.record(connection, decision, judged.checks, self._policy)
        await self._conclusions.reject(transaction, decision, state="evaluated")
        log.info("gate.expired", model=waited.subject_model, owner=waited.owner)

"""Judge contenders and matured shadows, record the decision with its evidence, and carry it out.

One transaction holds the decision, the states it changes, the pointer and the messages about them.
"""

from datetime import timedelta
from typing import Any

import structlog

from services.gatekeeper import conclusions
from services.gatekeeper.conclusions import PointerMovedError
from services.gatekeeper.situation import Situation, situation_of
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ContenderRegistered, RetrainCheckRequested, ShadowMatured
from shared.database.pool import Connection, Database
from shared.errors import NotFoundError, TransientError, UnsupportedModelError
from shared.evaluation import eprocess, judgement
from shared.evaluation.checks import Inputs, Judgement
from shared.evaluation.policy import Policy
from shared.evaluation.watch import shadow_outcome
from shared.messaging.transaction import NotOnRecordError, Transaction, handling
from shared.registry import decisions, models, pointer, sequential, shadows
from shared.registry.decisions import Decision, DecisionRecord
from shared.registry.evidence.gathering import EvidenceGatherer, Gathered
from shared.registry.models import ModelRecord
from shared.registry.pointer import Pointer
from shared.registry.restraints import obstacle_of_shadow
from shared.registry.shadows import Shadow

log = structlog.get_logger(__name__)
CONSUMER = "gatekeeper"
PATIENCE = timedelta(days=1)
"""Longer than any rollout takes."""


class AnotherReleaseError(TransientError, ConnectionError):
    """Only code of another release can judge this contender. Retried like an outage: it uses up no attempts."""


class Gatekeeper:
    """Decides about contenders and shadows."""

    def __init__(self, *, database: Database, clock: Clock, policy: Policy, gatherer: EvidenceGatherer) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._gatherer = gatherer

    async def on_contender_registered(self, message: Envelope) -> None:
        """Gate a contender against the champion.

        Raises:
            PointerMovedError: another promotion or rollback happened meanwhile.
            AnotherReleaseError: this code cannot judge the contender, but another release may.
        """
        assert isinstance(message.data, ContenderRegistered)
        async with self._database.connection() as connection:
            try:
                situation = await self._situation(connection, message.data.model_id)
            except NotFoundError as error:
                raise NotOnRecordError(str(error)) from error
        if situation.contender.state != "registered":
            async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
                log.info("gate.skipped", model=situation.contender.model_id, state=situation.contender.state)
            return
        try:
            gathered = await self._gatherer.gather(
                situation.contender, situation.champion, situation.last_confirmed, unsupported=situation.unsupported
            )
        except UnsupportedModelError as error:
            await self._leave(message, situation.contender, error)
            return
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            await self._conclude(transaction, situation, gathered)

    async def on_shadow_matured(self, message: Envelope) -> None:
        """End a shadow: promote or reject it.

        Raises:
            NotOnRecordError: the message contradicts the recorded test.
        """
        matured = message.data
        assert isinstance(matured, ShadowMatured)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            connection, now = transaction.connection, self._clock.now()
            await pointer.lock(connection)
            current = await pointer.read(connection)
            shadow = await shadows.get(connection, matured.model_id)
            if shadow is None:
                raise NotOnRecordError(f"{matured.model_id} was never a shadow")
            if (
                shadow.ended_at is not None
                or current is None
                or {shadow.champion_id, matured.champion_id} != {current.model_id}
            ):
                log.info("shadow.outdated", model=matured.model_id, outcome=matured.outcome)
                return
            test_id = await sequential.name_of(connection, shadow.test_id)
            state = (await sequential.load(connection, test_id, self._policy.sequential)).state
            outcome = shadow_outcome(state, first_started_at=shadow.first_started_at, now=now, policy=self._policy)
            if outcome != matured.outcome:
                raise NotOnRecordError(f"shadow {matured.model_id} is {outcome or 'running'}, not {matured.outcome}")
            if outcome == "not_worse" and (
                obstacle := await obstacle_of_shadow(connection, now=now, policy=self._policy)
            ):
                log.info("shadow.held", model=matured.model_id, reason=obstacle)
                return
            await self._end_shadow(transaction, shadow, outcome, test_id, state, current)

    async def on_day_passed(self, message: Envelope) -> None:
        """Reject contenders that waited too long for a person. Send contenders without a gate to the gate again."""
        assert isinstance(message.data, RetrainCheckRequested)
        now = self._clock.now()
        oldest = now - timedelta(days=self._policy.inconclusive.max_days)
        async with self._database.connection() as connection:
            unjudged = await models.registered(connection, after=oldest, before=now - PATIENCE)
            if not unjudged and not await decisions.expired(connection, at=now):
                return
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            connection = transaction.connection
            await pointer.lock(connection)
            for open_decision in await decisions.expired(connection, at=now):
                await self._expire(transaction, open_decision)
            for record in unjudged:
                payload = ContenderRegistered(model_id=record.model_id, request_id=record.training_request)
                await transaction.emit(payload)

    async def _situation(self, connection: Connection, model_id: str) -> Situation:
        return await situation_of(connection, model_id, now=self._clock.now(), policy=self._policy)

    async def _leave(self, message: Envelope, contender: ModelRecord, error: UnsupportedModelError) -> None:
        """Leave a contender registered, for the code of another release to judge.

        During a rollout the message is retried until a gatekeeper of that release takes it. After `PATIENCE` it is
        acknowledged, and the daily check sends another one.

        Raises:
            AnotherReleaseError: before `PATIENCE` is over.
        """
        reason = f"this code cannot judge {contender.model_id} ({error}); the gatekeeper of another release may"
        if self._clock.now() - contender.registered_at < PATIENCE:
            raise AnotherReleaseError(reason)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
            log.error("gate.left", model=contender.model_id, reason=reason)

    async def _conclude(self, transaction: Transaction, before: Situation, gathered: Gathered) -> None:
        connection = transaction.connection
        await pointer.lock(connection)
        # Read again under the lock: a freeze or a rollback may have come while the evidence was gathered.
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
        inputs = {
            "kind": "gate",
            "model": now.contender.model_id,
            "contender_sha256": now.contender.artifact_sha256,
            "champion": champion_id,
            "anchor": None if now.last_confirmed is None else now.last_confirmed.model_id,
            "expected_generation": now.generation,
            "evaluation_snapshot": gathered.evaluation_snapshot,
            "nowcast_snapshot": gathered.nowcast_snapshot,
            "restraint": now.restraint,
            "evidence": gathered.evidence,
        }
        judged = judgement.gate(inputs, self._policy)
        decision = await self._record(connection, judged, inputs)
        await models.transition(connection, decision.subject_model, expected="registered", to="evaluated")
        if judged.action == "promote":
            await conclusions.promote(transaction, decision)
        elif judged.action == "start_shadow":
            assert champion_id is not None
            await conclusions.start_shadow(transaction, decision, champion_id)
        elif judged.action == "reject":
            await conclusions.reject(transaction, decision, state="evaluated")
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
        inputs = {
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
            "fresh": await shadows.outcomes(connection, shadow.model_id, since=shadow.first_started_at),
        }
        judged = judgement.shadow(inputs, self._policy)
        if judged.action == "none":
            log.info("shadow.waits", model=shadow.model_id, reason=judged.reason)
            return
        decision = await self._record(connection, judged, inputs)
        if judged.action == "promote":
            await shadows.end(connection, shadow.model_id, outcome, at=now)
            await conclusions.promote(transaction, decision)
        else:
            failed: shadows.Outcome = "worse" if judged.verdict == "fail" else "expired"
            await shadows.end(connection, shadow.model_id, failed, at=now)
            await conclusions.reject(transaction, decision, state="shadow")
        log.info("shadow.ended", model=shadow.model_id, outcome=outcome, action=judged.action, sales=state.n)

    async def _record(self, connection: Connection, judged: Judgement, inputs: Inputs) -> Decision:
        decision = Decision.of(judged, inputs, self._policy, actor=CONSUMER, at=self._clock.now())
        await decisions.record(connection, decision, judged.checks, self._policy)
        return decision

    async def _holdout(self, connection: Connection, shadow: Shadow) -> dict[str, Any] | None:
        """The hold-out of the shadow's gate, with that gate's champion; None when it is not on record."""
        gate = await decisions.get(connection, shadow.decision_id)
        sales = gate.evidence.get("evidence", {}).get("sales")
        return None if sales is None else sales | {"anchor": None}

    async def _expire(self, transaction: Transaction, waited: DecisionRecord) -> None:
        connection = transaction.connection
        at = await pointer.read(connection)
        inputs = {
            "kind": "gate",
            "model": waited.subject_model,
            "champion": waited.champion_model,
            "expected_generation": pointer.generation_of(at),
            "waited_for": waited.decision_id,
            "owner": waited.owner,
            "since": waited.decided_at.isoformat(),
            "decided_at": self._clock.now().isoformat(),
        }
        decision = await self._record(connection, judgement.waiting(inputs, self._policy), inputs)
        await conclusions.reject(transaction, decision, state="evaluated")
        log.info("gate.expired", model=waited.subject_model, owner=waited.owner)

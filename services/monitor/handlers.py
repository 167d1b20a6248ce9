"""Watch the promoted model and the shadows; roll back, and request training.

A rollback needs relative evidence (two models on the same sales), retraining absolute evidence (age, new sales, loss).
"""

from datetime import datetime, timedelta

import structlog

from services.monitor import lifecycle, repository, staleness
from services.monitor.retraining import loss_evidence
from services.monitor.rollback import Comparison, carry_out, impossible, inputs_of
from services.monitor.stepping import advance_paired
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    MonitorRequested,
    RetrainCheckRequested,
    ShadowMatured,
    TrainingRequested,
)
from shared.database.pool import Connection, Database
from shared.evaluation import eprocess, judgement
from shared.evaluation.policy import Policy
from shared.evaluation.retrain import REQUESTED_BY, RetrainFacts, choose
from shared.evaluation.watch import TripFacts, promotion_outcome, shadow_outcome
from shared.messaging.transaction import Transaction, handling
from shared.registry import (
    api_keys,
    decisions,
    facts,
    pointer,
    promotions,
    sequential,
    shadows,
    training_requests,
    unsupported,
)
from shared.registry.decisions import Decision
from shared.registry.promotions import Promotion
from shared.registry.restraints import obstacle_of_shadow
from shared.registry.shadows import Shadow

log = structlog.get_logger(__name__)
CONSUMER = "monitor"
ANSWERS_KEPT = timedelta(days=30)
"""How long the gateway's responses under an Idempotency-Key stay."""


class Monitor:
    """Handles the hourly and daily ticks, and alerts on lifecycle events."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        policy: Policy,
        nowcast_every: timedelta,
        health: repository.NowcastHealth,
    ) -> None:
        self._database = database
        self._clock = clock
        self._policy = policy
        self._nowcast_every = nowcast_every
        self._health = health

    async def on_monitor_requested(self, message: Envelope) -> None:
        """Hourly: judge the open promotion, then step the shadows, unless a rollback has just restarted them."""
        assert isinstance(message.data, MonitorRequested)
        slot = message.data.slot
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            await api_keys.end_expired(transaction.connection, at=self._clock.now())
            await staleness.alert_of_source(transaction)
            promotion = await promotions.current(transaction.connection)
            late = await staleness.minutes_late(
                transaction, slot, expected_every=self._nowcast_every, policy=self._policy
            )
            if promotion is not None and await self._watch(transaction, promotion, stale=late is not None):
                return
            if late is not None:
                await staleness.alert(transaction, late)
            for shadow in await shadows.running(transaction.connection):
                await self._follow(transaction, shadow)

    async def on_retrain_check_requested(self, message: Envelope) -> None:
        """Daily: request training when the policy says so. It finds its earlier requests by their origin."""
        assert isinstance(message.data, RetrainCheckRequested)
        slot = message.data.slot
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            await repository.expire_answers(transaction.connection, before=self._clock.now() - ANSWERS_KEPT)
            situation = await self._retrain_facts(transaction.connection)
            trigger = choose(situation, slot=slot, policy=self._policy)
            if trigger is None:
                return
            request = TrainingRequested(reason=trigger.reason, requested_by=REQUESTED_BY)
            await training_requests.ask(transaction, request, origin=training_requests.POLICY)
            log.info("retrain.requested", reason=trigger.reason, detail=trigger.detail)

    async def on_lifecycle_changed(self, message: Envelope) -> None:
        """Raise the alert for a promotion, a rollback or a run of rejections; the tables already have the facts."""
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            fact = await facts.recorded(transaction.connection, message, now=self._clock.now())
            log.info("monitor.lifecycle", type=message.type, data=fact.told.model_dump(mode="json"))
            await lifecycle.alert(transaction, fact.told, policy=self._policy)

    async def _watch(self, transaction: Transaction, promotion: Promotion, *, stale: bool) -> bool:
        """Judge the open promotion; True when it was rolled back."""
        connection, now = transaction.connection, self._clock.now()
        trips = TripFacts(await self._health.read(connection, promotion), stale=stale)
        comparison = await self._compare(connection, promotion, now)
        if trips.trip(self._policy) is not None:
            return await self._roll_back(transaction, promotion, comparison, trips)
        nowcasts = await self._nowcasts(connection, promotion)
        outcome = promotion_outcome(
            comparison.state,
            sales=comparison.sales,
            nowcasts=nowcasts,
            warm=promotion.state == "watching",
            started_at=promotion.started_at,
            now=now,
            policy=self._policy,
        )
        if outcome == "rollback":
            return await self._roll_back(transaction, promotion, comparison, trips)
        if outcome != "warm_up" and promotion.state == "warm_up":
            await promotions.watch(connection, promotion.promotion_id)
            log.info("promotion.watching", model=promotion.model_id, sales=comparison.sales)
        if outcome == "confirm":
            await self._confirm(connection, promotion, comparison, nowcasts=nowcasts)
        return False

    async def _compare(self, connection: Connection, promotion: Promotion, now: datetime) -> Comparison:
        test_id = await sequential.name_of(connection, f"promotion:{promotion.promotion_id}")
        scored = await sequential.count_scored(connection, promotion.model_id, after=promotion.started_at)
        if promotion.previous_model_id is None:
            return Comparison(test_id, eprocess.start(self._policy.sequential), scored)
        state = await advance_paired(
            connection,
            test_id,
            new=promotion.model_id,
            old=promotion.previous_model_id,
            started_at=promotion.started_at,
            margin=self._policy.watch.margin,
            stop_when_better=False,
            policy=self._policy,
            at=now,
        )
        # The running code cannot serve this predecessor, so no further pair will ever be scored.
        alone = await unsupported.find(connection, promotion.previous_model_id) is not None
        return Comparison(test_id, state, scored if alone else state.n)

    async def _nowcasts(self, connection: Connection, promotion: Promotion) -> int:
        needed = self._policy.watch.warm_up_nowcasts
        if promotion.state != "warm_up":
            return needed
        return await repository.count_generations(
            connection, promotion.model_id, since=promotion.started_at, enough=needed
        )

    async def _roll_back(
        self, transaction: Transaction, promotion: Promotion, comparison: Comparison, trips: TripFacts
    ) -> bool:
        trip = None if trips.trip(self._policy) is None else trips
        inputs = inputs_of("rollback", promotion, comparison, margin=self._policy.watch.margin) | {"trip": trip}
        reason = judgement.rollback(inputs, self._policy).reason
        if promotion.previous_model_id is None:
            await impossible(transaction, promotion, reason, "there is no previous champion; train a contender")
            return False
        if trips.health.predecessor_failed:
            # A rollback must not promote a model that has failed itself.
            await impossible(transaction, promotion, reason, "the previous champion cannot value the market either")
            return False
        return await carry_out(
            transaction, promotion, inputs=inputs, actor=CONSUMER, policy=self._policy, at=self._clock.now()
        )

    async def _confirm(
        self, connection: Connection, promotion: Promotion, comparison: Comparison, *, nowcasts: int
    ) -> None:
        now = self._clock.now()
        at = await pointer.read(connection)
        inputs = inputs_of("confirm", promotion, comparison, margin=self._policy.watch.margin) | {
            "expected_generation": pointer.generation_of(at),
            "sales": comparison.sales,
            "paired_sales": comparison.state.n,
            "nowcasts": nowcasts,
            "warm": promotion.state == "watching",
            "since": promotion.started_at.isoformat(),
            "until": now.isoformat(),
            "decided_at": now.isoformat(),
        }
        judged = judgement.confirm(inputs, self._policy)
        decision = Decision.of(judged, inputs, self._policy, actor=CONSUMER, at=now)
        if await promotions.end(connection, promotion.promotion_id, "confirmed", at=now):
            await decisions.record(connection, decision, (), self._policy)
            log.info("promotion.confirmed", model=promotion.model_id, sales=comparison.sales)

    async def _follow(self, transaction: Transaction, shadow: Shadow) -> None:
        """Step a shadow's test. Once it has ended, emit its outcome every hour until the gatekeeper has acted."""
        connection, now = transaction.connection, self._clock.now()
        state = await advance_paired(
            connection,
            await sequential.name_of(connection, shadow.test_id),
            new=shadow.model_id,
            old=shadow.champion_id,
            started_at=shadow.started_at,
            margin=self._policy.shadow.margin,
            stop_when_better=True,
            policy=self._policy,
            at=now,
        )
        outcome = shadow_outcome(state, first_started_at=shadow.first_started_at, now=now, policy=self._policy)
        if outcome is None:
            return
        if outcome == "not_worse" and await obstacle_of_shadow(connection, now=now, policy=self._policy):
            return  # The shadow waits, and its test keeps its state.
        await transaction.emit(
            ShadowMatured(
                model_id=shadow.model_id,
                champion_id=shadow.champion_id,
                outcome=outcome,
                sales=state.n,
                e_value=state.e_worse if outcome == "worse" else state.e_better,
            )
        )

    async def _retrain_facts(self, connection: Connection) -> RetrainFacts:
        now = self._clock.now()
        history = await training_requests.history(connection, training_requests.POLICY)
        last, at = history.last_training, await pointer.read(connection)
        return RetrainFacts(
            has_champion=at is not None,
            last_training=last,
            new_valid_sales=await repository.new_valid_sales(connection, after=last, until=now) if last else 0,
            e_loss=None if at is None else await loss_evidence(connection, at, last, policy=self._policy, now=now),
            open_reasons=history.open_reasons,
            last_request=history.last_request,
        )

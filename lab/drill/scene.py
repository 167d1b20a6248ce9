"""A scratch platform with a sound champion: the production handlers over a simulated market and clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from lab.stage import Stage
from services.embedded import workers
from shared.database.pool import Connection
from shared.errors import ConflictError
from shared.evaluation.policy import Policy
from shared.messaging.transaction import originating
from shared.registry import models, operations, pointer, sequential, training_requests
from shared.registry.models import ModelRecord
from shared.registry.operations import Act
from shared.sources.source import MarketSource
from shared.stores import event_repository
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.valuation.inputs import evaluation_snapshot, holdout_cutoff, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot

ACTOR = "drill"

ROLLBACK_REASON_SQL = "select reason from decisions where subject_model = $1 and action = 'rollback'"


class Scene:
    """What the drill moves. `promote` goes around the gates on purpose: it plays the mistake that they would stop."""

    def __init__(self, stage: Stage, source: MarketSource, policy: Policy, *, nowcast_every: timedelta) -> None:
        self._stage = stage
        self._platform = stage.platform
        self._source = source
        self._policy = policy
        self._nowcast_every = nowcast_every
        self._reader = MarketReader()
        self.clock = stage.clock
        self.nowcasts = 0

    async def set_up(self) -> None:
        """Import the market's history and start the services."""
        database, now = self._platform.database, self.clock.now()
        async with database.transaction() as connection:
            await event_repository.store_punks(connection, await self._source.punks())
            await event_repository.store_eth_usd(connection, await self._source.eth_usd(now.date()))
            await event_repository.append_events(connection, await self._source.fetch(None, now))
        services = workers(
            self._platform,
            source=self._source,
            reader=self._reader,
            policy=self._policy,
            nowcast_every=self._nowcast_every,
        )
        await self._stage.host(services.values())
        await self._stage.tick("ingest", now)

    async def inputs(self) -> tuple[Snapshot, Snapshot]:
        """What a trainer would learn from now, and the hold-out."""
        async with self._reader.alone():
            async with self._platform.database.connection() as connection:
                await self._reader.refresh(connection)
            timeline, prices, now = self._reader.timeline, self._reader.prices, self.clock.now()
            cutoff = holdout_cutoff(timeline, now, self._policy.holdout.target_sales)
            learn = await asyncio.to_thread(training_snapshot, timeline, prices, cutoff)
            return learn, await asyncio.to_thread(evaluation_snapshot, timeline, prices, cutoff, now)

    async def promote(self, model: ValuationModel, learn: Snapshot, judge: Snapshot, *, why: str) -> str:
        """Register the model and make it champion by hand; its nowcast follows at once. Returns its id."""
        record = await self._register(model, learn, judge, why=why)
        platform, now = self._platform, self.clock.now()
        async with originating(platform.database, self.clock, source=ACTOR) as transaction:
            await models.transition(transaction.connection, record.model_id, expected="registered", to="evaluated")
            done = await operations.promote(transaction, Act(record.model_id, ACTOR, why, now), self._policy)
            if not isinstance(done.outcome, pointer.Swapped):
                raise ConflictError(f"the drill's promotion was refused: {done.outcome}")
        await self._stage.settle()
        return record.model_id

    async def pass_an_hour(self) -> None:
        """What the timers do within an hour: ingest, a nowcast when one is due, and the monitor's look."""
        self.clock.move_to(self.clock.now() + timedelta(hours=1))
        now = self.clock.now()
        await self._stage.tick("ingest", now)
        if now.timestamp() % self._nowcast_every.total_seconds() == 0:
            await self._stage.tick("nowcast", now)
            self.nowcasts += 1
        await self._stage.tick("monitor", now)

    async def champion(self) -> str:
        async with self._platform.database.connection() as connection:
            at = await pointer.read(connection)
        assert at is not None, "the drill begins with a champion"
        return at.model_id

    async def scored_since(self, model: str, since: datetime) -> int:
        """Sales that the model's published values have met since then."""
        async with self._platform.database.connection() as connection:
            return await sequential.count_scored(connection, model, after=since)

    async def why_rolled_back(self, model: str) -> str:
        async with self._platform.database.connection() as connection:
            return str(await connection.fetchval(ROLLBACK_REASON_SQL, model))

    async def _register(self, model: ValuationModel, learn: Snapshot, judge: Snapshot, *, why: str) -> ModelRecord:
        platform, now, request_id = self._platform, self.clock.now(), uuid4()
        reference = await platform.store.put("models", model.to_bytes(), extension="json")
        stored = [await snapshots.upload(platform.store, one) for one in (learn, judge)]
        async with platform.database.transaction() as connection:
            for snapshot, archived in zip((learn, judge), stored, strict=True):
                await snapshots.record(connection, snapshot, at=now)
                await snapshots.record_archive(connection, archived, at=now)
            await _request(connection, request_id, why, now)
            record = ModelRecord(
                **model.facts(),
                state="registered",
                artifact_key=reference.key,
                artifact_sha256=reference.sha256,
                artifact_bytes=reference.size,
                git_sha=ACTOR,
                git_dirty=True,
                environment_hash=ACTOR,
                training_snapshot=learn.snapshot_id,
                evaluation_snapshot=judge.snapshot_id,
                training_rows=learn.frame.height,
                report={},
                training_request=request_id,
                parent_model=None,
                registered_at=now,
            )
            await models.register(connection, record)
        return record


async def _request(connection: Connection, request_id: UUID, why: str, at: datetime) -> None:
    await training_requests.enqueue(
        connection, request_id=request_id, reason=f"{why} {request_id}", requested_by=ACTOR, data_cutoff=None, at=at
    )

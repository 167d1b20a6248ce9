"""A scratch platform with a sound champion: the production handlers over a simulated market and clock."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from lab.policy_replay.faults import Fault, spoil_training
from lab.stage import Stage
from services.embedded import workers
from services.trainer.executor import FitJob
from shared.contracts.messages import TrainingRequested
from shared.errors import ConflictError
from shared.evaluation.policy import Policy
from shared.messaging.transaction import originating
from shared.registry import models, operations, pointer, sequential, training_requests
from shared.registry.operations import Act
from shared.runtime.service import Service
from shared.sources.source import MarketSource
from shared.stores import event_repository
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot
from shared.valuation.training import fit

ACTOR = "drill"

ROLLBACK_REASON_SQL = "select reason from decisions where subject_model = $1 and action = 'rollback'"


class SpoilingExecutor:
    """Fits for the trainer, on training data with `fault`. Without `params` it fits as a trainer does."""

    def __init__(self, params: Params | None) -> None:
        self.fault: Fault | None = None
        self._params = params

    async def fit(self, job: FitJob) -> bytes:
        snapshot = Snapshot.from_parquet(job.snapshot)
        if self.fault is not None:
            snapshot = spoil_training(snapshot, self.fault)
        return (await asyncio.to_thread(fit, snapshot, threads=job.threads, params=self._params)).to_bytes()

    def close(self) -> None:
        pass


class Scene:
    """What the drill moves. `promote` skips the gate on purpose: it plays the mistake that the gate would stop."""

    def __init__(
        self, stage: Stage, source: MarketSource, policy: Policy, *, nowcast_every: timedelta, params: Params | None
    ) -> None:
        self._stage = stage
        self._platform = stage.platform
        self._source = source
        self._policy = policy
        self._nowcast_every = nowcast_every
        self._executor = SpoilingExecutor(params)
        self._services: Mapping[str, Service] = {}
        self.clock = stage.clock
        self.nowcasts = 0

    async def set_up(self) -> None:
        """Import the market's history and start the services."""
        database, now = self._platform.database, self.clock.now()
        async with database.transaction() as connection:
            await event_repository.store_punks(connection, await self._source.punks())
            await event_repository.store_eth_usd(connection, await self._source.eth_usd(now.date()))
            await event_repository.append_events(connection, await self._source.fetch(None, now))
        self._services = workers(
            self._platform,
            source=self._source,
            executor=self._executor,
            policy=self._policy,
            nowcast_every=self._nowcast_every,
        )
        await self._stage.host(self._services.values())
        await self._stage.tick("ingest", now)

    async def promote(self, fault: Fault | None, *, why: str) -> str:
        """Train a model, with `fault` in its data, and make it champion by hand; its nowcast follows at once.

        Returns its id.
        """
        platform, now = self._platform, self.clock.now()
        self._executor.fault = fault
        async with originating(platform.database, self.clock, source=ACTOR) as transaction:
            request = await training_requests.ask(
                transaction, TrainingRequested(reason=why, requested_by=ACTOR), origin=f"cli:{ACTOR}"
            )
        await self._services["trainer"].drain()
        async with originating(platform.database, self.clock, source=ACTOR) as transaction:
            request = await training_requests.get(transaction.connection, request.request_id)
            if (model_id := request.model_id) is None:
                raise ConflictError(f"the drill's training failed: {request.error}")
            await models.transition(transaction.connection, model_id, expected="registered", to="evaluated")
            done = await operations.promote(transaction, Act(model_id, ACTOR, why, now), self._policy)
            if not isinstance(done.outcome, pointer.Swapped):
                raise ConflictError(f"the drill's promotion was refused: {done.outcome}")
        await self._stage.settle()
        return model_id

    async def pass_an_hour(self) -> None:
        """What the timers do within an hour: ingest, a nowcast when one is due, and the monitor's check."""
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

"""A monitor on a real database, with an in-process bus that carries what its outbox says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.monitor.handlers import Monitor
from services.monitor.repository import NowcastHealth
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import (
    AlertRaised,
    ContenderRejected,
    ModelPromoted,
    ModelRolledBack,
    MonitorRequested,
    Payload,
    RetrainCheckRequested,
)
from shared.database.pool import Database
from shared.evaluation.policy import load_policy
from shared.messaging.bus import Subscription
from shared.messaging.memory import MemoryBus
from shared.messaging.ticks import tick_id
from tests.factories import registry as made

START = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass
class Bench:
    """Everything a monitor test moves."""

    database: Database
    clock: ManualClock
    bus: MemoryBus
    sales: made.Sales | None = None

    def monitor(self) -> Monitor:
        """A freshly started process."""
        return Monitor(
            database=self.database,
            clock=self.clock,
            policy=load_policy(),
            nowcast_every=timedelta(hours=12),
            health=NowcastHealth(),
        )

    async def look(self, *, slot: datetime | None = None) -> None:
        """The hourly tick, through the bus."""
        slot = slot or self.clock.now()
        await self._send(MonitorRequested(slot=slot), "monitor", slot)

    async def check(self) -> None:
        """The daily tick."""
        slot = self.clock.now()
        await self._send(RetrainCheckRequested(slot=slot), "retrain_check", slot)

    async def tell(self, payload: Payload) -> None:
        """A message that something happened to a model, delivered twice."""
        envelope = Envelope.wrap(payload, source="test", time=self.clock.now())
        for _ in range(2):
            await self.bus.publish(envelope)
            await self.bus.run_until_idle()
        assert await self.bus.dead_letters() == []

    async def _send(self, payload: Payload, job: str, slot: datetime) -> None:
        envelope = Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=tick_id(job, slot))
        await self.bus.publish(envelope)
        await self.bus.run_until_idle()
        assert await self.bus.dead_letters() == []

    async def told(self, kind: type[Payload]) -> list[Payload]:
        """Messages of a type that wait in the outbox, oldest first."""
        async with self.database.connection() as connection:
            rows = await connection.fetch("select body from outbox where routing_key = $1 order by id", kind.TYPE)
        return [decode(bytes(row["body"])).data for row in rows]

    async def alerts(self) -> list[AlertRaised]:
        return [one for one in await self.told(AlertRaised) if isinstance(one, AlertRaised)]

    async def value(self, query: str, *arguments: object) -> object:
        async with self.database.connection() as connection:
            return await connection.fetchval(query, *arguments)


@pytest.fixture
async def bench(database: Database) -> Bench:
    """A monitor that listens; `good` has been champion for ten days and `new` was promoted at START."""
    clock = ManualClock(START)
    bench = Bench(database, clock, MemoryBus(clock))
    monitor = bench.monitor()
    await bench.bus.subscribe(Subscription("monitor", (MonitorRequested,), monitor.on_monitor_requested))
    await bench.bus.subscribe(
        Subscription("monitor-daily", (RetrainCheckRequested,), monitor.on_retrain_check_requested)
    )
    lifecycle = (ModelPromoted, ModelRolledBack, ContenderRejected)
    await bench.bus.subscribe(Subscription("monitor-lifecycle", lifecycle, monitor.on_lifecycle_changed))
    return bench


@pytest.fixture
async def promoted(bench: Bench) -> Bench:
    async with bench.database.transaction() as connection:
        await made.promote(connection, "good", START - timedelta(days=10))
        await made.promote(connection, "new", START)
        generation = await made.generation(connection, "new", START)
    bench.sales = made.Sales(connection, generation, START)
    return bench

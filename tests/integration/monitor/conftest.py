"""A hosted monitor whose sales, publications and ticks a test chooses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.monitor.bootstrap import build
from shared.contracts.messages import AlertRaised, MonitorRequested, Payload, RetrainCheckRequested, TrainingRequested
from shared.messaging.ticks import tick_id
from shared.registry import models
from tests.factories import registry as made
from tests.factories.database import Database
from tests.factories.harness import Harness

START = datetime(2025, 3, 1, tzinfo=UTC)
NOWCAST_EVERY = timedelta(hours=12)


@dataclass
class Bench(Harness):
    """A monitor, and the sales that it counts."""

    sales: made.Sales | None = None

    async def send(self, payload: Payload, *, message_id: UUID | None = None, deliveries: int = 1) -> UUID:
        identity = await super().send(payload, message_id=message_id, deliveries=deliveries)
        assert await self.dead() == []
        return identity

    async def look(self, *, hours: float | None = None, minutes: int = 0, slot: datetime | None = None) -> str | None:
        """The hourly tick, `hours` after START or so many minutes later than before; the champion after it."""
        now = self.clock.now() if hours is None else START + timedelta(hours=hours)
        self.clock.move_to(now + timedelta(minutes=minutes))
        slot = slot or self.clock.now()
        await self.send(MonitorRequested(slot=slot), message_id=tick_id("monitor", slot))
        champion = await self.run(models.champion)
        return None if champion is None else champion.model_id

    async def check(self, *, days: int = 0) -> list[str]:
        """The daily tick, at least so many days after START; the reasons of all training requests until then."""
        self.clock.move_to(max(self.clock.now(), START + timedelta(days=days)))
        slot = self.clock.now()
        await self.send(RetrainCheckRequested(slot=slot), message_id=tick_id("retrain_check", slot))
        return [request.reason for request in await self.emitted(TrainingRequested)]

    async def sell(self, errors: dict[str, float], *, tx_hash: str | None = None) -> None:
        """One more sale, valued by these models; the clock moves to a minute after it."""
        at = await self.run(self.sales.add, errors, tx_hash=tx_hash)
        self.clock.move_to(max(at + timedelta(minutes=1), self.clock.now()))

    async def alerts(self) -> list[AlertRaised]:
        return await self.emitted(AlertRaised)


@pytest.fixture
async def bench(database: Database, tmp_path: Path) -> Bench:
    bench = Bench.at(START, database, tmp_path)
    await bench.host(build, nowcast_every=NOWCAST_EVERY)
    return bench


@pytest.fixture
async def promoted(bench: Bench) -> Bench:
    """`good` was champion for ten days until `new` was promoted at START."""
    await bench.run(made.promote, "good", START - timedelta(days=10))
    await bench.run(made.promote, "new", START)
    bench.sales = made.Sales(await bench.run(made.generation, "new", START), START)
    return bench

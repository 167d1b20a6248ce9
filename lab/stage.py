"""The platform on a simulated clock, in one process: time moves and messages travel only on request."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.database.embedded import database_url
from shared.database.migrate import migrate
from shared.messaging import ticks
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.runtime.host import attach
from shared.runtime.platform import Platform, open_platform
from shared.runtime.service import Service
from shared.settings import Settings


class Stage:
    """Carries messages deterministically, and loses none when the process is killed.

    The in-process bus keeps its queues in memory. The relay keeps an outbox row until everything that it caused was
    handled. After a kill the row is still there, and the inbox shows what was done.

    Args:
        name: the source of the ticks.
    """

    def __init__(self, platform: Platform, clock: ManualClock, bus: MemoryBus, *, name: str) -> None:
        self.platform = platform
        self.clock = clock
        self.bus = bus
        self._name = name
        self._relay = Relay(platform.database, bus, clock=clock)

    async def host(self, services: Iterable[Service]) -> None:
        """Subscribe the services; their background loops do not run."""
        await attach(self.bus, services)

    async def settle(self) -> None:
        """Deliver until no queue has a due message and the outbox is empty."""
        while await self.bus.run_until_idle() + await self._relay.run_once():
            pass

    async def tick(self, job: str, slot: datetime) -> None:
        """Send the tick of a job, and handle everything that it causes."""
        payload, identity = ticks.tick(job, slot)
        await self.bus.publish(Envelope.wrap(payload, source=self._name, time=self.clock.now(), message_id=identity))
        await self.settle()


@asynccontextmanager
async def opened(settings: Settings, at: datetime, *, name: str) -> AsyncIterator[Stage]:
    """A stage in the settings' database, migrated, with the clock at `at`. History posts no alerts to webhooks."""
    clock = ManualClock(at)
    bus = MemoryBus(clock)
    async with database_url(settings) as url:
        await migrate(url)
        played = {"database_url": url, "broker_url": "memory://", "alert_webhook_url": None}
        async with open_platform(settings.model_copy(update=played), clock=clock, bus=bus) as platform:
            yield Stage(platform, clock, bus, name=name)

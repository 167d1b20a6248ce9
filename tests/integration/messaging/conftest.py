"""One behavioural suite for two buses: every test that takes `broker` runs in-process and on RabbitMQ."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested
from shared.messaging.bus import Bus, Handle, Subscription
from shared.messaging.memory import MemoryBroker, MemoryBus
from shared.messaging.rabbitmq import RabbitBus

DELAYS = (timedelta(milliseconds=100), timedelta(milliseconds=250))
SLOT = datetime(2025, 3, 1, 12, tzinfo=UTC)


def message(slot: datetime = SLOT) -> Envelope:
    """A new message for the ingestor."""
    return Envelope.wrap(IngestRequested(slot=slot), source="test", time=datetime.now(UTC))


class Recorder:
    """A handler that raises the given failures, then succeeds."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.seen: list[Envelope] = []
        self.at: list[float] = []

    async def __call__(self, envelope: Envelope) -> None:
        self.seen.append(envelope)
        self.at.append(monotonic())
        if self.failures:
            raise self.failures.pop(0)


async def consume(bus: Bus, handle: Handle, *consumers: str, concurrency: int = 1) -> None:
    """Subscribe to messages for the ingestor and start consuming."""
    for consumer in consumers or ("ingestor",):
        await bus.subscribe(Subscription(consumer, [IngestRequested], handle, concurrency))
    await bus.start()


class Broker:
    """Opens buses on one broker: each is a replica of the others."""

    def __init__(self, make: Callable[[], Bus]) -> None:
        self._make = make
        self._buses: list[Bus] = []

    def bus(self) -> Bus:
        self._buses.append(self._make())
        return self._buses[-1]

    async def close(self) -> None:
        for bus in self._buses:
            await bus.stop(0.1)


@pytest.fixture(params=["memory", "rabbitmq"])
def make_bus(request: pytest.FixtureRequest) -> Callable[[], Bus]:
    if request.param == "memory":
        shared = MemoryBroker(SystemClock(), delays=DELAYS)
        return lambda: MemoryBus(SystemClock(), broker=shared)
    url, prefix = request.getfixturevalue("amqp_url"), request.getfixturevalue("broker_prefix")
    return lambda: RabbitBus(url, prefix, delays=DELAYS)


@pytest.fixture
async def broker(make_bus: Callable[[], Bus]) -> AsyncIterator[Broker]:
    opened = Broker(make_bus)
    yield opened
    await opened.close()


@pytest.fixture
async def bus(broker: Broker) -> Bus:
    return broker.bus()

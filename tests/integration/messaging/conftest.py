"""One behavioural suite, two buses: every test that takes `broker` runs in-process and on RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from time import monotonic

import pytest

from shared.clock import SystemClock
from shared.messaging.bus import Bus
from shared.messaging.memory import MemoryBroker, MemoryBus
from shared.messaging.rabbitmq import RabbitBus

DELAYS = (timedelta(milliseconds=100), timedelta(milliseconds=250))


class Broker:
    """Opens buses on one broker: each is a replica of the others."""

    def __init__(self, make: Callable[[], Bus]) -> None:
        self._make = make
        self._buses: list[Bus] = []

    def bus(self) -> Bus:
        bus = self._make()
        self._buses.append(bus)
        return bus

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


async def eventually(condition: Callable[[], bool], *, within_s: float = 8.0) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    deadline = monotonic() + within_s
    while not condition():
        assert monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)

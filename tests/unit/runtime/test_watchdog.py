from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

import pytest

from shared.clock import ManualClock
from shared.database.pool import Database
from shared.errors import InvalidInputError
from shared.messaging.bus import Bus
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbitmq import RabbitBus
from shared.runtime.host import Watchdog, unless
from shared.runtime.platform import open_bus
from shared.settings import Settings
from tests.factories.waiting import eventually


class FakeBus:
    healthy = True


class FakeDatabase:
    away = False

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[FakeDatabase]:
        if self.away:
            raise ConnectionRefusedError
        yield self

    async def execute(self, _: str) -> None: ...


Watched = tuple[Watchdog, FakeBus, FakeDatabase]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    bus, database = FakeBus(), FakeDatabase()
    watchdog = Watchdog(limit_s=0.2)
    task = asyncio.create_task(watchdog.watch(cast(Bus, bus), cast(Database, database)))
    await asyncio.sleep(0.01)
    assert await watchdog.ready() == "starting"
    watchdog.unready = None
    yield watchdog, bus, database
    task.cancel()


async def test_before_anything_is_open_it_lives_but_is_not_ready() -> None:
    watchdog = Watchdog(limit_s=0.0)
    assert watchdog.live() is None
    assert await watchdog.ready() == "starting"


async def test_with_bus_and_database_it_is_ready(watched: Watched) -> None:
    watchdog, _, _ = watched
    assert watchdog.live() is None
    assert await watchdog.ready() is None


async def test_a_short_loss_of_the_broker_makes_it_unready_and_a_long_one_not_live(watched: Watched) -> None:
    watchdog, bus, _ = watched
    bus.healthy = False
    assert watchdog.live() is None
    assert await watchdog.ready() == "not attached to the broker"
    assert "no consumer attached" in str(await eventually(watchdog.live))
    bus.healthy = True
    assert watchdog.live() is None


async def test_without_the_database_it_is_not_ready_but_lives(watched: Watched) -> None:
    watchdog, _, database = watched
    database.away = True
    assert await watchdog.ready() == "database: ConnectionRefusedError"
    assert watchdog.live() is None


async def test_a_stop_cancels_the_awaited_work() -> None:
    stop = asyncio.Event()
    assert await unless(stop, asyncio.create_task(asyncio.sleep(0)))
    endless = asyncio.create_task(asyncio.sleep(60))
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert not await unless(stop, endless)
    assert endless.cancelled()


async def test_a_failure_of_the_work_is_raised() -> None:
    async def fail() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await unless(asyncio.Event(), asyncio.create_task(fail()))


async def test_the_broker_url_chooses_the_bus() -> None:
    clock = ManualClock(datetime(2025, 1, 1, tzinfo=UTC))
    assert isinstance(open_bus(Settings(broker_url="memory://"), clock), MemoryBus)
    assert isinstance(open_bus(Settings(broker_url="amqps://broker.example/"), clock), RabbitBus)
    with pytest.raises(InvalidInputError, match="kafka"):
        open_bus(Settings(broker_url="kafka://broker.example/"), clock)

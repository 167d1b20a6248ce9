"""Services on a platform: start, end and crashes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.messaging.bus import Bus, Subscription
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.ticks import JOBS, slot_at, tick_id
from shared.messaging.ticks import tick as tick_of
from shared.messaging.transaction import handling, originating
from shared.runtime.host import drain, serve
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService, Service
from shared.settings import Settings
from shared.storage.folder import FolderStore
from tests.factories.database import Database
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import Recorder

NOW = datetime.now(UTC)
UPDATE = MarketUpdated(last_seq=1, last_block=1, events=1, sales_scored=0)


class Ingestor:
    """Handles ticks slowly and announces them; its background loop crashes as scripted."""

    name = "ingestor"

    def __init__(self, platform: Platform, *, takes_s: float = 0.0, crashes: int = 0) -> None:
        self.platform = platform
        self.takes_s = takes_s
        self.crashes = crashes
        self.begun: list[Envelope] = []
        self.done: list[Envelope] = []
        self.rounds = 0
        self.drained = 0
        self.cancelled = False

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription("ingestor", [IngestRequested], self.on_ingest_requested)]

    async def on_ingest_requested(self, message: Envelope) -> None:
        self.begun.append(message)
        await asyncio.sleep(self.takes_s)
        async with handling(self.platform.database, self.platform.clock, consumer="ingestor", cause=message) as tx:
            await tx.emit(UPDATE)
        self.done.append(message)

    async def background(self) -> None:
        self.rounds += 1
        if self.rounds <= self.crashes:
            raise RuntimeError("crash")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    async def drain(self) -> None:
        self.drained += 1
        async with originating(self.platform.database, self.platform.clock, source="ingestor") as tx:
            await tx.emit(UPDATE)


@pytest.fixture(params=["memory", "rabbitmq"])
def bus(request: pytest.FixtureRequest) -> Bus:
    if request.param == "memory":
        return MemoryBus(SystemClock())
    return RabbitBus(request.getfixturevalue("amqp_url"), request.getfixturevalue("broker_prefix"))


def platform_on(bus: Bus, database: Database, home: Path) -> Platform:
    settings = Settings(home=home, shutdown_grace_s=2.0)
    return Platform(settings=settings, clock=SystemClock(), database=database, bus=bus, store=FolderStore(home))


@pytest.fixture
async def platform(bus: Bus, database: Database, tmp_path: Path) -> AsyncIterator[Platform]:
    yield platform_on(bus, database, tmp_path)
    await bus.stop(0.1)


@contextlib.asynccontextmanager
async def serving(platform: Platform, *services: Service) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(serve(platform, services, stop=stop))
    await eventually(lambda: platform.bus.healthy)
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


def tick(number: int = 0) -> Envelope:
    """A tick of one of the last slots."""
    payload, identity = tick_of("ingest", slot_at("ingest", NOW) - number * JOBS["ingest"].every)
    return Envelope.wrap(payload, source="test", time=NOW, message_id=identity)


async def depth(platform: Platform) -> int:
    return await platform.database.value("select count(*) from outbox")


async def test_a_message_flows_from_service_to_service_through_the_outbox(platform: Platform) -> None:
    ingestor, recorder = Ingestor(platform), Recorder()
    async with serving(platform, ingestor, MessageService("nowcaster", {MarketUpdated: recorder})):
        sent = tick()
        await eventually(lambda: ingestor.rounds == 1)
        await platform.bus.publish(sent)
        await eventually(lambda: len(recorder.seen) == 1)
        assert recorder.seen[0].causationid == sent.id
    assert ingestor.cancelled


@pytest.mark.parametrize("job", JOBS)
async def test_a_forged_tick_never_reaches_its_handler(database: Database, tmp_path: Path, job: str) -> None:
    """Handled, it would use up the id of a later tick, or make work at an instant of a stranger's choice."""
    bus, seen, now = MemoryBus(SystemClock()), Recorder(), SystemClock().now()
    newest, every = slot_at(job, now), JOBS[job].every
    later = slot_at(job, now + max(every, timedelta(hours=2)))
    forged = [
        ("the id of another slot", newest - every, tick_id(job, newest)),
        ("an id of its own", newest, uuid4()),
        ("no slot", newest - every / 2, tick_id(job, newest - every / 2)),
        ("the far future", newest + timedelta(days=30), tick_id(job, newest + timedelta(days=30))),
        ("not due", later, tick_id(job, later)),
    ]
    kind = JOBS[job].message
    await bus.declare("ingestor", [kind])
    async with serving(platform_on(bus, database, tmp_path), MessageService("ingestor", {kind: seen})):
        for what, slot, identity in forged:
            time = max(now, slot)
            await bus.publish(Envelope.wrap(kind(slot=slot), source=what, time=time, message_id=identity))
        payload, identity = tick_of(job, newest)
        await bus.publish(Envelope.wrap(payload, source="the timer", time=now, message_id=identity))
        await eventually(lambda: seen.seen)
        assert [message.source for message in seen.seen] == ["the timer"]
        reasons = [letter.reason for letter in await bus.dead_letters()]
        assert len(reasons) == 4, "a slot that is not due waits for its time"
        assert all(reason.startswith("malformed: ") for reason in reasons)


async def test_a_stop_lets_the_handler_finish_and_sends_what_it_wrote(platform: Platform) -> None:
    ingestor = Ingestor(platform, takes_s=0.5)
    async with serving(platform, ingestor) as stop:
        await eventually(lambda: ingestor.rounds == 1)
        await platform.bus.publish(tick())
        await eventually(lambda: len(ingestor.begun) == 1)
        stop.set()
    assert len(ingestor.done) == 1
    if isinstance(platform.bus, RabbitBus):
        assert await depth(platform) == 0
    else:
        assert await depth(platform) == 1, "no consumer has settled it, and this bus is volatile"


async def test_a_crashed_background_loop_restarts(platform: Platform) -> None:
    ingestor = Ingestor(platform, crashes=1)
    async with serving(platform, ingestor):
        await eventually(lambda: ingestor.rounds == 2)


async def test_once_empties_the_queue_does_due_work_and_sends_the_outbox(
    amqp_url: str, broker_prefix: str, database: Database, tmp_path: Path
) -> None:
    bus = RabbitBus(amqp_url, broker_prefix)
    platform = platform_on(bus, database, tmp_path)
    await bus.declare("ingestor", [IngestRequested])
    for number in range(3):
        await bus.publish(tick(number))
    ingestor = Ingestor(platform)
    await drain(platform, ingestor)
    assert (len(ingestor.done), ingestor.drained, ingestor.rounds) == (3, 1, 0)
    assert await depth(platform) == 0
    await bus.stop(0.1)


async def test_once_on_a_volatile_bus_keeps_its_messages_in_the_outbox(database: Database, tmp_path: Path) -> None:
    platform = platform_on(MemoryBus(SystemClock()), database, tmp_path)
    ingestor = Ingestor(platform)
    await drain(platform, ingestor)
    assert ingestor.drained == 1
    assert await depth(platform) == 1

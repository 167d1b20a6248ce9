"""The relay: everything committed is published, and nothing takes effect twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from shared.clock import ManualClock, SystemClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import IngestRequested, MarketUpdated, MonitorRequested, Payload
from shared.database.pool import Database
from shared.messaging.bus import Bus, BusUnavailableError, DeadLetter, Subscription, UnroutableError
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.transaction import handling, originating
from tests.integration.messaging.conftest import Broker, eventually

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


class StubBus:
    """A durable bus that records, and fails when told to."""

    healthy = True

    def __init__(self) -> None:
        self.published: list[Envelope] = []
        self.raw: list[tuple[str, bytes]] = []
        self.unroutable: set[str] = set()
        self.away = False

    async def publish(self, envelope: Envelope) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise BusUnavailableError("away")
        if envelope.type in self.unroutable:
            raise UnroutableError(envelope.type)
        self.published.append(envelope)

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        self.raw.append((routing_key, body))

    async def subscribe(self, subscription: Subscription) -> None: ...

    async def declare(self, consumer: str, types: object) -> None: ...

    async def start(self) -> None: ...

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        return []

    async def stop_consuming(self, grace_s: float = 20.0) -> None: ...

    async def stop(self, grace_s: float = 20.0) -> None: ...


async def emit(database: Database, *payloads: Payload, at: datetime = NOW) -> list[UUID]:
    async with originating(database, ManualClock(at), source="test") as tx:
        return [await tx.emit(payload) for payload in payloads]


async def depth(database: Database) -> int:
    async with database.connection() as connection:
        number: int = await connection.fetchval("select count(*) from outbox")
        return number


@contextlib.asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[None]:
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        await relay.stop()
        await task


def updates(number: int) -> list[MarketUpdated]:
    return [MarketUpdated(last_seq=seq, last_block=1, events=1, sales_scored=0) for seq in range(number)]


async def test_rows_are_published_in_order_and_deleted(database: Database) -> None:
    bus = StubBus()
    sent = await emit(database, *updates(5))
    assert await Relay(database, bus).run_once() == 5
    assert [envelope.id for envelope in bus.published] == sent
    assert await depth(database) == 0
    assert await Relay(database, bus).run_once() == 0


async def test_a_batch_is_bounded_and_drain_takes_them_all(database: Database) -> None:
    bus = StubBus()
    await emit(database, *updates(230))
    relay = Relay(database, bus)
    assert await relay.run_once() == 100
    assert await relay.drain() == 130
    assert [envelope.data for envelope in bus.published] == updates(230)


async def test_uncommitted_messages_do_not_leave(database: Database) -> None:
    bus = StubBus()
    with contextlib.suppress(RuntimeError):
        async with originating(database, ManualClock(NOW), source="test") as tx:
            await tx.emit(updates(1)[0])
            assert await Relay(database, bus).run_once() == 0
            raise RuntimeError
    assert await Relay(database, bus).run_once() == 0
    assert bus.published == []


async def test_several_relays_publish_each_row_once(database: Database) -> None:
    bus = StubBus()
    sent = await emit(database, *updates(300))
    await asyncio.gather(*(Relay(database, bus).drain() for _ in range(4)))
    assert sorted(envelope.id for envelope in bus.published) == sorted(sent)


async def test_while_the_broker_is_away_the_rows_stay(database: Database) -> None:
    bus = StubBus()
    bus.away = True
    sent = await emit(database, *updates(3))
    relay = Relay(database, bus)
    with pytest.raises(BusUnavailableError):
        await relay.run_once()
    assert await depth(database) == 3
    bus.away = False
    assert await relay.run_once() == 3
    assert [envelope.id for envelope in bus.published] == sent


async def test_an_unroutable_message_stays_without_blocking_the_others(database: Database) -> None:
    bus = StubBus()
    bus.unroutable = {MonitorRequested.TYPE}
    await emit(database, *[MonitorRequested(slot=NOW) for _ in range(120)], *updates(2))
    relay = Relay(database, bus, unroutable_pause_s=0.2)
    for _ in range(3):
        await relay.run_once()
    assert [envelope.data for envelope in bus.published] == updates(2)
    assert await depth(database) == 120
    bus.unroutable = set()
    await asyncio.sleep(0.25)
    await relay.drain()
    assert await depth(database) == 0


async def test_a_row_this_version_cannot_read_is_carried_as_it_is(database: Database) -> None:
    bus = StubBus()
    async with database.connection() as connection:
        await connection.execute(
            "insert into outbox (message_id, routing_key, body, created_at) values ($1, $2, $3, $4)",
            uuid4(), "punkcast.weather.changed.v1", b"{}", NOW,
        )  # fmt: skip
    assert await Relay(database, bus).run_once() == 1
    assert bus.raw == [("punkcast.weather.changed.v1", b"{}")]


async def test_a_commit_wakes_the_relay_at_once(database: Database) -> None:
    bus = StubBus()
    async with running(Relay(database, bus, poll_s=60)):
        await asyncio.sleep(0.3)
        await emit(database, *updates(1))
        await eventually(lambda: len(bus.published) == 1, within_s=2)


async def test_without_notifications_the_relay_still_polls(database: Database) -> None:
    bus = StubBus()
    async with database.connection() as connection:
        await connection.execute("alter table outbox disable trigger notify")
    async with running(Relay(database, bus, poll_s=0.1)):
        await asyncio.sleep(0.2)
        await emit(database, *updates(1))
        await eventually(lambda: len(bus.published) == 1, within_s=2)


async def test_the_relay_outlives_an_outage_of_the_broker_and_measures_what_waits(database: Database) -> None:
    bus = StubBus()
    bus.away = True
    async with running(Relay(database, bus, poll_s=0.05)):
        await emit(database, *updates(2))
        await eventually(lambda: REGISTRY.get_sample_value("punkcast_outbox_depth") == 2)
        assert bus.published == []
        bus.away = False
        await eventually(lambda: len(bus.published) == 2)
        await eventually(lambda: REGISTRY.get_sample_value("punkcast_outbox_depth") == 0)


async def test_the_relay_outlives_the_loss_of_its_database_connections(database: Database) -> None:
    bus = StubBus()
    async with running(Relay(database, bus, poll_s=0.1, heartbeat_s=0.1)):
        await asyncio.sleep(0.3)
        async with database.connection() as connection:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        await emit(database, *updates(1))
        await eventually(lambda: len(bus.published) == 1)
        await asyncio.sleep(0.5)
        async with database.connection() as connection:
            listening = await connection.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and (query ilike 'listen%' or query = 'select 1')"
            )
        assert listening >= 1


async def test_stopping_sends_what_is_left(database: Database) -> None:
    bus = StubBus()
    relay = Relay(database, bus, poll_s=60)
    task = asyncio.create_task(relay.run())
    await asyncio.sleep(0.2)
    async with database.connection() as connection:
        await connection.execute("alter table outbox disable trigger notify")
    await emit(database, *updates(1))
    await relay.stop()
    await asyncio.wait_for(task, 2)
    assert len(bus.published) == 1


async def test_a_crash_between_publish_and_delete_has_no_double_effect(broker: Broker, database: Database) -> None:
    """The row is published, the delete is rolled back, the next relay publishes again: one effect."""
    bus = broker.bus()
    effects: list[UUID] = []
    deliveries = 0

    async def handle(message: Envelope) -> None:
        nonlocal deliveries
        deliveries += 1
        async with handling(database, SystemClock(), consumer="ingestor", cause=message):
            effects.append(message.id)

    await bus.subscribe(Subscription("ingestor", [IngestRequested], handle))
    await bus.start()
    [sent] = await emit(database, IngestRequested(slot=NOW))

    class CrashError(Exception):
        pass

    class CrashingBus(StubBus):
        async def publish(self, envelope: Envelope) -> None:
            await bus.publish(envelope)
            raise CrashError

    with pytest.raises(CrashError):
        await Relay(database, CrashingBus()).run_once()
    assert await depth(database) == 1
    await Relay(database, bus).run_once()
    await eventually(lambda: deliveries == 2)
    await asyncio.sleep(0.1)
    assert effects == [sent]


async def test_a_redelivered_message_is_handled_once(bus: Bus, database: Database) -> None:
    effects = 0
    deliveries = 0

    async def handle(message: Envelope) -> None:
        nonlocal effects, deliveries
        deliveries += 1
        async with handling(database, SystemClock(), consumer="ingestor", cause=message):
            effects += 1

    await bus.subscribe(Subscription("ingestor", [IngestRequested], handle, concurrency=4))
    await bus.start()
    message = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
    for _ in range(6):
        await bus.publish(message)
    await eventually(lambda: deliveries == 6)
    await asyncio.sleep(0.1)
    assert effects == 1
    assert await bus.dead_letters() == []


async def test_on_a_volatile_bus_a_row_stays_until_its_message_is_handled(database: Database) -> None:
    clock = ManualClock(NOW)
    bus = MemoryBus(clock)
    seen: list[Envelope] = []

    async def handle(message: Envelope) -> None:
        seen.append(message)
        if len(seen) == 1:
            raise RuntimeError("first try")

    await bus.subscribe(Subscription("nowcaster", [MarketUpdated], handle))
    relay = Relay(database, bus, clock=clock)
    await emit(database, *updates(1))
    assert await relay.run_once() == 1
    assert await relay.run_once() == 0
    assert await depth(database) == 1
    assert await bus.run_until_idle() == 1
    assert await relay.run_once() == 0
    assert await depth(database) == 1, "it waits for its retry"
    clock.move_to(NOW + timedelta(seconds=10))
    assert await bus.run_until_idle() == 1
    assert await relay.run_once() == 0
    assert await depth(database) == 0


async def test_a_message_lost_with_a_volatile_bus_is_published_again_by_the_next_process(database: Database) -> None:
    clock = ManualClock(NOW)
    [sent] = await emit(database, *updates(1))
    killed = MemoryBus(clock)
    await killed.declare("nowcaster", [MarketUpdated])
    await Relay(database, killed, clock=clock).run_once()

    seen: list[UUID] = []

    async def handle(message: Envelope) -> None:
        seen.append(message.id)

    bus = MemoryBus(clock)
    await bus.subscribe(Subscription("nowcaster", [MarketUpdated], handle))
    relay = Relay(database, bus, clock=clock)
    while await relay.run_once() + await bus.run_until_idle():
        pass
    assert seen == [sent]
    assert await depth(database) == 0


async def test_what_is_published_is_what_was_committed(database: Database) -> None:
    bus = StubBus()
    await emit(database, *updates(1))
    async with database.connection() as connection:
        body = await connection.fetchval("select body from outbox")
    await Relay(database, bus).run_once()
    assert bus.published == [decode(body)]

"""The relay publishes everything that was committed, and nothing takes effect twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from prometheus_client import REGISTRY

from shared.clock import ManualClock, SystemClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import IngestRequested, MarketUpdated, MonitorRequested, Payload
from shared.messaging.bus import LARGEST_BODY, Bus, BusUnavailableError, Subscription, UnroutableError
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.transaction import handling, originating
from tests.factories.database import Database
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import Broker, Recorder, consume, message

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


class StubBus:
    """The publishing half of a durable bus. Records messages and fails on demand."""

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


@pytest.fixture
def stub() -> StubBus:
    return StubBus()


async def emit(database: Database, *payloads: Payload, at: datetime = NOW) -> list[UUID]:
    async with originating(database, ManualClock(at), source="test") as tx:
        return [await tx.emit(payload) for payload in payloads]


async def depth(database: Database) -> int:
    return await database.value("select count(*) from outbox")


@contextlib.asynccontextmanager
async def running(database: Database, stub: StubBus, **options: float) -> AsyncIterator[None]:
    """A relay that listens for notifications."""
    relay = Relay(database, stub, **options)
    task = asyncio.create_task(relay.run())
    try:
        await eventually(lambda: listening(database))
        yield
    finally:
        await relay.stop()
        await task


def updates(number: int) -> list[MarketUpdated]:
    return [MarketUpdated(last_seq=seq, last_block=1, events=1, sales_scored=0) for seq in range(number)]


async def listening(database: Database) -> bool:
    """Whether a relay listens for notifications, as far as the server's activity shows."""
    async with database.connection() as connection:
        count: int = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
            "and (query ilike 'listen%' or query = 'select 1')"
        )
        return count > 0


async def mute(database: Database) -> None:
    """Send no more notifications of new rows."""
    await database.execute("alter table outbox disable trigger notify")


async def test_rows_are_published_in_order_as_committed_and_deleted(database: Database, stub: StubBus) -> None:
    sent = await emit(database, *updates(5))
    bodies = [row["body"] for row in await database.rows("select body from outbox order by id")]
    assert await Relay(database, stub).run_once() == 5
    assert [envelope.id for envelope in stub.published] == sent
    assert stub.published == [decode(body) for body in bodies]
    assert await depth(database) == 0
    assert await Relay(database, stub).run_once() == 0


async def test_a_batch_is_bounded_and_drain_takes_them_all(database: Database, stub: StubBus) -> None:
    await emit(database, *updates(230))
    relay = Relay(database, stub)
    assert await relay.run_once() == 100
    assert await relay.drain() == 130
    assert [envelope.data for envelope in stub.published] == updates(230)


async def test_uncommitted_messages_are_not_published(database: Database, stub: StubBus) -> None:
    with contextlib.suppress(RuntimeError):
        async with originating(database, ManualClock(NOW), source="test") as tx:
            await tx.emit(updates(1)[0])
            assert await Relay(database, stub).run_once() == 0
            raise RuntimeError
    assert await Relay(database, stub).run_once() == 0
    assert stub.published == []


async def test_several_relays_publish_each_row_once(database: Database, stub: StubBus) -> None:
    sent = await emit(database, *updates(300))
    await asyncio.gather(*(Relay(database, stub).drain() for _ in range(4)))
    assert sorted(envelope.id for envelope in stub.published) == sorted(sent)


async def test_the_rows_stay_during_an_outage_of_the_broker(database: Database, stub: StubBus) -> None:
    stub.away = True
    sent = await emit(database, *updates(3))
    relay = Relay(database, stub)
    with pytest.raises(BusUnavailableError):
        await relay.run_once()
    assert await depth(database) == 3
    stub.away = False
    assert await relay.run_once() == 3
    assert [envelope.id for envelope in stub.published] == sent


async def test_an_unroutable_message_stays_without_blocking_the_others(database: Database, stub: StubBus) -> None:
    stub.unroutable = {MonitorRequested.TYPE}
    await emit(database, *[MonitorRequested(slot=NOW) for _ in range(120)], *updates(2))
    relay = Relay(database, stub, unroutable_pause_s=0.2)
    for _ in range(3):
        await relay.run_once()
    assert [envelope.data for envelope in stub.published] == updates(2)
    assert await depth(database) == 120
    stub.unroutable = set()

    async def drained() -> bool:
        await relay.drain()
        return await depth(database) == 0

    await eventually(drained)


async def test_rows_that_a_full_queue_refuses_wait_and_the_others_go_on(
    database: Database, amqp_url: str, broker_prefix: str
) -> None:
    """The queue beside the full one gets each row once, and one row more for each further try."""
    bus = RabbitBus(amqp_url, broker_prefix)
    for consumer, kind in (("monitor", MonitorRequested), ("nowcaster", MarketUpdated)):
        await bus.declare(consumer, [kind])
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        full = await channel.declare_queue(
            f"{broker_prefix}.full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
        )
        await channel.default_exchange.publish(aio_pika.Message(b"full"), full.name)
        await full.bind(f"{broker_prefix}.events", routing_key=MonitorRequested.TYPE)
        await emit(database, *[MonitorRequested(slot=NOW) for _ in range(250)], *updates(2))
        relay = Relay(database, bus, unroutable_pause_s=0.0)
        for _ in range(3):
            assert await relay.run_once() == 0
        assert await relay.drain() == 2
        assert await depth(database) == 250
        assert await waiting(channel, f"{broker_prefix}.nowcaster") == 2
        assert await waiting(channel, f"{broker_prefix}.monitor") == 100 + 1 + 1 + 1

        await full.delete(if_unused=False, if_empty=False)
        assert await Relay(database, bus).drain() == 250
    await bus.stop(0.1)


async def waiting(channel: AbstractChannel, queue: str) -> int:
    """The number of messages in a queue that nobody consumes."""
    declared = await channel.declare_queue(queue, passive=True)
    return declared.declaration_result.message_count


async def test_a_row_too_large_for_the_broker_blocks_not_even_its_own_kind(database: Database) -> None:
    bus = MemoryBus(ManualClock(NOW))
    await bus.declare("nowcaster", [MarketUpdated])
    await database.execute(
        "insert into outbox (message_id, routing_key, body, created_at) values ($1, $2, $3, $4)",
        uuid4(), MarketUpdated.TYPE, bytes(LARGEST_BODY + 1), NOW,
    )  # fmt: skip
    await emit(database, *updates(2))
    assert await Relay(database, bus).drain() == 2
    assert bus.waiting("nowcaster") == 2


async def test_a_row_this_version_cannot_read_is_published_unchanged(database: Database, stub: StubBus) -> None:
    await database.execute(
        "insert into outbox (message_id, routing_key, body, created_at) values ($1, $2, $3, $4)",
        uuid4(), "punkcast.weather.changed.v1", b"{}", NOW,
    )  # fmt: skip
    assert await Relay(database, stub).run_once() == 1
    assert stub.raw == [("punkcast.weather.changed.v1", b"{}")]


@pytest.mark.parametrize(
    ("muted", "poll_s"), [(False, 60), (True, 0.1)], ids=["by the notification", "by polling, without notifications"]
)
async def test_the_relay_soon_sees_a_commit(database: Database, stub: StubBus, muted: bool, poll_s: float) -> None:
    if muted:
        await mute(database)
    async with running(database, stub, poll_s=poll_s):
        # The relay also polls when it starts to listen, so only the second commit proves the notification.
        for count in (1, 2):
            await emit(database, *updates(1))
            await eventually(lambda count=count: len(stub.published) == count, within_s=2)


async def test_the_relay_survives_an_outage_of_the_broker_and_measures_the_outbox(
    database: Database, stub: StubBus
) -> None:
    stub.away = True
    async with running(database, stub, poll_s=0.05):
        await emit(database, *updates(2))
        await eventually(lambda: REGISTRY.get_sample_value("punkcast_outbox_depth") == 2)
        assert stub.published == []
        stub.away = False
        await eventually(lambda: len(stub.published) == 2)
        await eventually(lambda: REGISTRY.get_sample_value("punkcast_outbox_depth") == 0)


async def test_the_relay_survives_the_loss_of_its_database_connections(database: Database, stub: StubBus) -> None:
    async with running(database, stub, poll_s=0.1, heartbeat_s=0.1):
        await database.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await emit(database, *updates(1))
        await eventually(lambda: len(stub.published) == 1)
        await eventually(lambda: listening(database))


async def test_stopping_publishes_the_remaining_rows(database: Database, stub: StubBus) -> None:
    async with asyncio.timeout(10), running(database, stub, poll_s=60):
        await mute(database)
        await emit(database, *updates(1))
    assert len(stub.published) == 1


class CountingIngestor:
    """Handles messages through the inbox, and counts deliveries and effects."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.effects: list[UUID] = []
        self.finished = 0

    async def __call__(self, envelope: Envelope) -> None:
        try:
            async with handling(self._database, SystemClock(), consumer="ingestor", cause=envelope):
                self.effects.append(envelope.id)
        finally:
            self.finished += 1


async def test_a_crash_between_publish_and_delete_has_no_double_effect(broker: Broker, database: Database) -> None:
    """The row is published, the delete is rolled back, the next relay publishes again: one effect."""
    bus, ingestor = broker.bus(), CountingIngestor(database)
    await consume(bus, ingestor)
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
    await eventually(lambda: ingestor.finished == 2)
    assert ingestor.effects == [sent]


async def test_a_redelivered_message_is_handled_once(bus: Bus, database: Database) -> None:
    ingestor = CountingIngestor(database)
    await consume(bus, ingestor, concurrency=4)
    sent = message()
    for _ in range(6):
        await bus.publish(sent)
    await eventually(lambda: ingestor.finished == 6)
    assert ingestor.effects == [sent.id]
    assert await bus.dead_letters() == []


async def test_on_a_volatile_bus_a_row_stays_until_its_message_is_handled(database: Database) -> None:
    clock = ManualClock(NOW)
    bus = MemoryBus(clock)
    await bus.subscribe(Subscription("nowcaster", [MarketUpdated], Recorder(RuntimeError("first try"))))
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

    bus, recorder = MemoryBus(clock), Recorder()
    await bus.subscribe(Subscription("nowcaster", [MarketUpdated], recorder))
    relay = Relay(database, bus, clock=clock)
    while await relay.run_once() + await bus.run_until_idle():
        pass
    assert [envelope.id for envelope in recorder.seen] == [sent]
    assert await depth(database) == 0

"""What only RabbitMQ has: outside publishers, properties, frozen arguments, outages."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import aio_pika
import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, NowcastPublished, TrainingRequested
from shared.errors import ConflictError, PermanentError
from shared.messaging.amqp_layout import delay_name
from shared.messaging.bus import BusUnavailableError, Subscription, UnroutableError
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.topology import AUDIT, declare_platform
from tests.integration.messaging.conftest import DELAYS, eventually

NOW = datetime.now(UTC)
T = TypeVar("T")


class Recorder:
    def __init__(self) -> None:
        self.seen: list[Envelope] = []

    async def __call__(self, envelope: Envelope) -> None:
        self.seen.append(envelope)


class Cable:
    """A TCP connection to the broker that can be cut and plugged in again."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def url(self) -> str:
        credentials = f"{self._target.username or 'guest'}:{self._target.password or 'guest'}"
        return f"amqp://{credentials}@127.0.0.1:{self._port}{self._target.path or '/'}"

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target.hostname or "127.0.0.1", self._target.port or 5672
        far_reader, far_writer = await asyncio.open_connection(host, port)
        self._writers |= {writer, far_writer}

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.transport.abort()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        self._writers -= {writer, far_writer}


@pytest.fixture
async def cable(amqp_url: str) -> AsyncIterator[Cable]:
    cable = Cable(amqp_url)
    await cable.plug_in()
    yield cable
    await cable.cut()


@pytest.fixture
async def rabbit(amqp_url: str, broker_prefix: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(amqp_url, broker_prefix, delays=DELAYS)
    yield bus
    await bus.stop(0.1)


async def test_a_program_outside_the_project_can_request_a_training(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    """Ten lines of plain AMQP and the document `docs/asyncapi.yaml` are all it takes."""
    recorder = Recorder()
    await rabbit.subscribe(Subscription("trainer", [TrainingRequested], recorder))
    await rabbit.start()

    request = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "https://example.org/drift-watcher",
        "type": "punkcast.training.requested.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {"reason": "the floor halved", "requested_by": "ana@example.org"},
    }
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        exchange = await channel.get_exchange(f"{broker_prefix}.events", ensure=False)
        await exchange.publish(aio_pika.Message(json.dumps(request).encode()), "punkcast.training.requested.v1")

    await eventually(lambda: len(recorder.seen) == 1)
    assert recorder.seen[0].id == UUID(str(request["id"]))
    assert recorder.seen[0].data == TrainingRequested(reason="the floor halved", requested_by="ana@example.org")


async def test_the_envelope_is_mirrored_into_the_properties(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    await rabbit.declare("ingestor", [IngestRequested])
    sent = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
    await rabbit.publish(sent)
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(f"{broker_prefix}.ingestor", ensure=False)
        message = await queue.get()
        assert message is not None
        await message.ack()
    assert message.body == sent.encode()
    assert message.type == message.routing_key == IngestRequested.TYPE
    assert message.message_id == str(sent.id)
    assert message.correlation_id == str(sent.correlationid)
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT


async def test_a_dead_letter_tells_its_story_in_headers(rabbit: RabbitBus, amqp_url: str, broker_prefix: str) -> None:
    async def handle(_: Envelope) -> None:
        raise PermanentError("corrupt")

    await rabbit.subscribe(Subscription("ingestor", [IngestRequested], handle))
    await rabbit.start()
    sent = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
    await rabbit.publish(sent)
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(f"{broker_prefix}.dead", ensure=False)
        message = await first(lambda: queue.get(fail=False))
        await message.ack()
    assert "corrupt" in str(message.headers["x-punkcast-reason"])
    assert message.headers["x-punkcast-service"] == "ingestor"
    assert message.headers["x-punkcast-attempt"] == 1
    assert datetime.fromisoformat(str(message.headers["x-punkcast-first-failed-at"])).tzinfo is not None
    assert message.message_id == str(sent.id)


@pytest.mark.parametrize("attempt", ["seven", -1, 0, 2**40, True, None, [1]])
async def test_nonsense_in_the_retry_headers_counts_as_a_first_attempt(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str, attempt: object
) -> None:
    async def handle(_: Envelope) -> None:
        raise PermanentError("corrupt")

    await rabbit.subscribe(Subscription("ingestor", [IngestRequested], handle))
    await rabbit.start()
    body = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW).encode()
    headers = {"x-punkcast-attempt": attempt, "x-punkcast-first-failed-at": "long ago"}
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        exchange = await channel.get_exchange(f"{broker_prefix}.events", ensure=False)
        message = aio_pika.Message(body, headers=headers)  # type: ignore[arg-type]
        await exchange.publish(message, IngestRequested.TYPE)
    letters = await first(rabbit.dead_letters)
    assert letters[0].attempt == 1


async def test_a_message_the_broker_itself_gave_up_is_a_readable_dead_letter(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    await rabbit.declare("ingestor", [IngestRequested])
    await rabbit.publish_raw(IngestRequested.TYPE, b"poison")
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(f"{broker_prefix}.ingestor", ensure=False)
        message = await queue.get()
        assert message is not None
        await message.reject(requeue=False)
    letters = await first(rabbit.dead_letters)
    assert letters[0].body == b"poison"
    assert letters[0].consumer == "ingestor"
    assert "rejected" in letters[0].reason


async def test_a_queue_with_other_arguments_is_a_clear_error(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.declare_queue(f"{broker_prefix}.ingestor", durable=True)
        try:
            with pytest.raises(ConflictError, match="PUNKCAST_BROKER_PREFIX"):
                await rabbit.declare("ingestor", [IngestRequested])
        finally:
            await queue.delete()


async def test_other_retry_delays_do_not_clash_with_what_is_declared(amqp_url: str, broker_prefix: str) -> None:
    for delays in (DELAYS, (timedelta(seconds=2),)):
        bus = RabbitBus(amqp_url, broker_prefix, delays=delays)
        await bus.declare("ingestor", [IngestRequested])
        await bus.stop(0.1)


@pytest.mark.parametrize(
    ("delay", "name"),
    [
        (timedelta(milliseconds=100), "100ms"),
        (timedelta(seconds=10), "10s"),
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=10), "10m"),
        (timedelta(hours=2), "2h"),
    ],
)
def test_a_retry_queue_is_named_by_its_delay(delay: timedelta, name: str) -> None:
    assert delay_name(delay) == name


async def test_an_event_nobody_consumes_lies_in_the_audit_queue(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    await declare_platform(rabbit)
    event = NowcastPublished(
        generation_id=1, model_id="m-" + "0" * 16, snapshot_id="0" * 64, as_of=NOW, published_at=NOW,
        values_sha256="1" * 64, merkle_root="2" * 64,
    )  # fmt: skip
    await rabbit.publish(Envelope.wrap(event, source="test", time=NOW))
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(f"{broker_prefix}.{AUDIT}", ensure=False)
        message = await first(lambda: queue.get(fail=False))
        await message.ack()
    assert message.type == NowcastPublished.TYPE


async def test_after_an_outage_consuming_and_publishing_come_back_by_themselves(
    cable: Cable, broker_prefix: str
) -> None:
    bus = RabbitBus(cable.url, broker_prefix, delays=DELAYS)
    recorder = Recorder()
    try:
        await bus.subscribe(Subscription("ingestor", [IngestRequested], recorder))
        await bus.start()
        await bus.publish(Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW))
        await eventually(lambda: len(recorder.seen) == 1)

        await cable.cut()
        await eventually(lambda: not bus.healthy)
        with pytest.raises(BusUnavailableError):
            await bus.publish(Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW))

        await cable.plug_in()
        await eventually(lambda: bus.healthy, within_s=15)
        after = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
        await bus.publish(after)
        await eventually(lambda: recorder.seen[-1] == after)
    finally:
        await bus.stop(0.1)


async def test_a_handler_interrupted_by_an_outage_gets_its_message_again(cable: Cable, broker_prefix: str) -> None:
    bus = RabbitBus(cable.url, broker_prefix, delays=DELAYS)
    started = 0
    finished: list[UUID] = []

    async def handle(message: Envelope) -> None:
        nonlocal started
        started += 1
        if started == 1:
            await asyncio.sleep(60)
        finished.append(message.id)

    try:
        await bus.subscribe(Subscription("ingestor", [IngestRequested], handle))
        await bus.start()
        sent = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
        await bus.publish(sent)
        await eventually(lambda: started == 1)
        await cable.cut()
        await cable.plug_in()
        await eventually(lambda: finished == [sent.id], within_s=15)
    finally:
        await bus.stop(0.1)


async def test_starting_before_the_broker_waits_for_it_and_stopping_does_not(cable: Cable, broker_prefix: str) -> None:
    await cable.cut()
    bus = RabbitBus(cable.url, broker_prefix, delays=DELAYS)
    recorder = Recorder()

    async def attach() -> None:
        await bus.subscribe(Subscription("ingestor", [IngestRequested], recorder))
        await bus.start()

    attaching = asyncio.create_task(attach())
    await asyncio.sleep(0.3)
    assert not attaching.done()
    assert not bus.healthy
    await cable.plug_in()
    await asyncio.wait_for(attaching, 15)
    assert bus.healthy
    await cable.cut()
    await asyncio.wait_for(bus.stop(0.1), 10)


async def test_a_deleted_queue_comes_back_with_its_bindings_and_its_consumer(
    rabbit: RabbitBus, amqp_url: str, broker_prefix: str
) -> None:
    recorder = Recorder()
    await rabbit.subscribe(Subscription("ingestor", [IngestRequested], recorder))
    await rabbit.start()
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        await channel.queue_delete(f"{broker_prefix}.ingestor")
    sent = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
    async with asyncio.timeout(10):
        while True:
            try:
                await rabbit.publish(sent)
                break
            except UnroutableError:
                await asyncio.sleep(0.1)
    await eventually(lambda: recorder.seen == [sent])
    assert rabbit.healthy


async def first(look: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer."""
    async with asyncio.timeout(5):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.02)

"""What only RabbitMQ has: outside publishers, properties, frozen arguments, outages."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, NowcastPublished, TrainingRequested
from shared.errors import ConflictError, PermanentError
from shared.messaging.amqp_layout import delay_name
from shared.messaging.bus import BusUnavailableError, Subscription, UnroutableError
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.topology import AUDIT, declare_platform
from tests.factories.tcp_line import TcpLine
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import DELAYS, Recorder, consume, message

NOW = datetime.now(UTC)


@pytest.fixture
async def line(amqp_url: str) -> AsyncIterator[TcpLine]:
    line = TcpLine(amqp_url)
    await line.mend()
    yield line
    await line.cut()


@pytest.fixture
async def rabbit(amqp_url: str, broker_prefix: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(amqp_url, broker_prefix, delays=DELAYS)
    yield bus
    await bus.stop(0.1)


@pytest.fixture
async def distant(line: TcpLine, broker_prefix: str) -> AsyncIterator[RabbitBus]:
    """A bus by way of `line`."""
    bus = RabbitBus(line.url, broker_prefix, delays=DELAYS)
    yield bus
    await bus.stop(0.1)


@dataclass(frozen=True)
class Outsider:
    """Another program on the same broker."""

    channel: AbstractChannel
    prefix: str

    async def take(self, queue_name: str) -> AbstractIncomingMessage:
        """The next message of a queue, unacknowledged."""
        queue = await self.channel.get_queue(f"{self.prefix}.{queue_name}", ensure=False)
        return await eventually(lambda: queue.get(fail=False))

    async def publish(self, body: bytes, routing_key: str, **properties: Any) -> None:
        exchange = await self.channel.get_exchange(f"{self.prefix}.events", ensure=False)
        await exchange.publish(aio_pika.Message(body, **properties), routing_key)


@pytest.fixture
async def outsider(amqp_url: str, broker_prefix: str) -> AsyncIterator[Outsider]:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        yield Outsider(channel, broker_prefix)


async def fail(_: Envelope) -> None:
    raise PermanentError("corrupt")


async def test_a_program_outside_the_project_can_request_a_training(rabbit: RabbitBus, outsider: Outsider) -> None:
    """It needs ten lines of plain AMQP and the document `docs/asyncapi.yaml`."""
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
    await outsider.publish(json.dumps(request).encode(), "punkcast.training.requested.v1")

    await eventually(lambda: recorder.seen)
    assert recorder.seen[0].id == UUID(str(request["id"]))
    assert recorder.seen[0].data == TrainingRequested(reason="the floor halved", requested_by="ana@example.org")


async def test_the_properties_mirror_the_envelope(rabbit: RabbitBus, outsider: Outsider) -> None:
    await rabbit.declare("ingestor", [IngestRequested])
    await rabbit.publish(sent := message())
    received = await outsider.take("ingestor")
    expected = {
        "body": sent.encode(), "type": IngestRequested.TYPE, "routing_key": IngestRequested.TYPE,
        "message_id": str(sent.id), "correlation_id": str(sent.correlationid),
        "content_type": "application/cloudevents+json", "delivery_mode": aio_pika.DeliveryMode.PERSISTENT,
    }  # fmt: skip
    assert {name: getattr(received, name) for name in expected} == expected


async def test_the_headers_of_a_dead_letter_hold_its_history(rabbit: RabbitBus, outsider: Outsider) -> None:
    await consume(rabbit, fail)
    await rabbit.publish(sent := message())
    dead = await outsider.take("dead")
    assert "corrupt" in str(dead.headers["x-punkcast-reason"])
    assert dead.headers["x-punkcast-service"] == "ingestor"
    assert dead.headers["x-punkcast-attempt"] == 1
    assert datetime.fromisoformat(str(dead.headers["x-punkcast-first-failed-at"])).tzinfo is not None
    assert dead.message_id == str(sent.id)


@pytest.mark.parametrize("attempt", ["seven", -1, 0, 2**40, True, None, [1]])
async def test_invalid_retry_headers_count_as_a_first_attempt(
    rabbit: RabbitBus, outsider: Outsider, attempt: object
) -> None:
    await consume(rabbit, fail)
    headers = {"x-punkcast-attempt": attempt, "x-punkcast-first-failed-at": "long ago"}
    await outsider.publish(message().encode(), IngestRequested.TYPE, headers=headers)
    [letter] = await eventually(rabbit.dead_letters)
    assert letter.attempt == 1


async def test_a_message_dropped_by_the_broker_is_a_readable_dead_letter(rabbit: RabbitBus, outsider: Outsider) -> None:
    await rabbit.declare("ingestor", [IngestRequested])
    await rabbit.publish_raw(IngestRequested.TYPE, b"poison")
    await (await outsider.take("ingestor")).reject(requeue=False)
    [letter] = await eventually(rabbit.dead_letters)
    assert (letter.body, letter.consumer) == (b"poison", "ingestor")
    assert "rejected" in letter.reason


async def test_a_queue_with_other_arguments_is_a_clear_error(rabbit: RabbitBus, outsider: Outsider) -> None:
    queue = await outsider.channel.declare_queue(f"{outsider.prefix}.ingestor", durable=True)
    try:
        with pytest.raises(ConflictError, match="PUNKCAST_BROKER_PREFIX"):
            await rabbit.declare("ingestor", [IngestRequested])
    finally:
        await queue.delete()


async def test_other_retry_delays_do_not_clash_with_declared_queues(amqp_url: str, broker_prefix: str) -> None:
    for delays in (DELAYS, (timedelta(seconds=2),)):
        bus = RabbitBus(amqp_url, broker_prefix, delays=delays)
        await bus.declare("ingestor", [IngestRequested])
        await bus.stop(0.1)


@pytest.mark.parametrize(
    ("milliseconds", "name"), [(100, "100ms"), (10_000, "10s"), (90_000, "90s"), (600_000, "10m"), (7_200_000, "2h")]
)
def test_a_retry_queue_is_named_by_its_delay(milliseconds: int, name: str) -> None:
    assert delay_name(timedelta(milliseconds=milliseconds)) == name


async def test_an_event_without_a_consumer_goes_to_the_audit_queue(rabbit: RabbitBus, outsider: Outsider) -> None:
    await declare_platform(rabbit)
    event = NowcastPublished(
        generation_id=1, model_id="m-" + "0" * 16, snapshot_id="0" * 64, as_of=NOW, published_at=NOW,
        values_sha256="1" * 64, merkle_root="2" * 64,
    )  # fmt: skip
    await rabbit.publish(Envelope.wrap(event, source="test", time=NOW))
    assert (await outsider.take(AUDIT)).type == NowcastPublished.TYPE


async def test_consuming_and_publishing_recover_after_an_outage(line: TcpLine, distant: RabbitBus) -> None:
    recorder = Recorder()
    await consume(distant, recorder)
    await distant.publish(message())
    await eventually(lambda: len(recorder.seen) == 1)

    await line.cut()
    await eventually(lambda: not distant.healthy)
    with pytest.raises(BusUnavailableError):
        await distant.publish(message())

    await line.mend()
    await eventually(lambda: distant.healthy)
    await distant.publish(after := message())
    await eventually(lambda: recorder.seen[-1] == after)


async def test_a_handler_interrupted_by_an_outage_gets_its_message_again(line: TcpLine, distant: RabbitBus) -> None:
    started: list[UUID] = []
    finished: list[UUID] = []

    async def handle(envelope: Envelope) -> None:
        started.append(envelope.id)
        if len(started) == 1:
            await asyncio.sleep(60)
        finished.append(envelope.id)

    await consume(distant, handle)
    await distant.publish(sent := message())
    await eventually(lambda: started)
    await line.cut()
    await line.mend()
    await eventually(lambda: finished == [sent.id])


async def test_starting_waits_for_the_broker_and_stopping_does_not(line: TcpLine, distant: RabbitBus) -> None:
    await line.cut()
    attaching = asyncio.create_task(consume(distant, Recorder()))
    await asyncio.sleep(0.3)
    assert not attaching.done()
    assert not distant.healthy
    await line.mend()
    await asyncio.wait_for(attaching, 15)
    assert distant.healthy
    await line.cut()
    await asyncio.wait_for(distant.stop(0.1), 10)


async def test_a_deleted_queue_comes_back_with_its_bindings_and_its_consumer(
    rabbit: RabbitBus, outsider: Outsider
) -> None:
    recorder, sent = Recorder(), message()
    await consume(rabbit, recorder)
    await outsider.channel.queue_delete(f"{outsider.prefix}.ingestor")

    async def published() -> bool:
        try:
            await rabbit.publish(sent)
        except UnroutableError:
            return False
        return True

    await eventually(published)
    await eventually(lambda: recorder.seen == [sent])
    assert rabbit.healthy

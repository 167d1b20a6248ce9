"""Thousands of malformed messages delay no other one: they are worked off in lanes, and the handler notices nothing."""

import asyncio
from collections.abc import AsyncIterator

import aio_pika
import pytest
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from structlog.testing import capture_logs

from shared.clock import SystemClock
from shared.contracts.envelope import Envelope, MalformedMessageError
from shared.contracts.messages import IngestRequested
from shared.messaging.amqp_consumer import LANES, Consumer
from shared.messaging.bus import DeadLetter
from shared.messaging.delivery import Outcome
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbitmq import RabbitBus
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import DELAYS, Recorder, consume, message

JUNK = [b"junk %d" % number for number in range(200)]


@pytest.fixture
async def rabbit(amqp_url: str, broker_prefix: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(amqp_url, broker_prefix, delays=DELAYS)
    await bus.declare("ingestor", [IngestRequested])
    yield bus
    await bus.stop(0.1)


@pytest.fixture
async def events(amqp_url: str, rabbit: RabbitBus, broker_prefix: str) -> AsyncIterator[AbstractExchange]:
    """The platform's exchange, for a program outside."""
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        yield await channel.get_exchange(f"{broker_prefix}.events", ensure=False)


async def publish(events: AbstractExchange, *bodies: bytes) -> None:
    """In this order."""
    async with asyncio.TaskGroup() as sending:
        for body in bodies:
            sending.create_task(events.publish(aio_pika.Message(body), IngestRequested.TYPE))


async def letters(bus: RabbitBus, bodies: int) -> list[DeadLetter]:
    """The dead letters, once they have so many different bodies."""

    async def enough() -> list[DeadLetter]:
        found = await bus.dead_letters(10_000)
        return found if len({letter.body for letter in found}) == bodies else []

    return await eventually(enough, within_s=60)


class Alone:
    """A handler that counts how often it runs at the same time. It calls messages of the source `forged` malformed."""

    def __init__(self) -> None:
        self.seen: list[Envelope] = []
        self.running = 0
        self.most = 0

    async def __call__(self, envelope: Envelope) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        if envelope.source == "forged":
            raise MalformedMessageError("not the id of this tick")
        self.seen.append(envelope)


async def test_each_good_message_among_junk_is_handled_once_and_alone_and_each_piece_of_junk_is_kept_once(
    rabbit: RabbitBus, events: AbstractExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [message() for _ in range(6)]
    forged = [one.model_copy(update={"source": "forged"}).encode() for one in (message(), message(), message())]
    copying, most, copy = 0, 0, Consumer._copy

    async def counted(self: Consumer, message: AbstractIncomingMessage, outcome: Outcome) -> None:
        nonlocal copying, most
        copying += 1
        most = max(most, copying)
        await copy(self, message, outcome)
        copying -= 1

    monkeypatch.setattr(Consumer, "_copy", counted)
    mixed = [*JUNK[:3], good[0].encode(), *JUNK[3:120], good[1].encode(), good[2].encode(), *forged, *JUNK[120:],
             *(one.encode() for one in good[3:])]  # fmt: skip
    await publish(events, *mixed)
    handler = Alone()
    with capture_logs() as logs:
        await consume(rabbit, handler)
        await eventually(lambda: len(handler.seen) == len(good), within_s=60)
        found = await letters(rabbit, len(JUNK) + len(forged))
    assert {one.id for one in handler.seen} == {one.id for one in good}
    assert handler.most == 1
    assert len(found) == len(JUNK) + len(forged)
    assert {letter.reason.split(":")[0] for letter in found} == {"malformed"}
    assert 1 < most <= LANES + 1
    refused = [line["messages"] for line in logs if line["event"] == "message refused"]
    assert sum(refused) == len(JUNK) + len(forged)
    assert len(refused) < 20


async def test_a_stop_amid_junk_loses_nothing(
    rabbit: RabbitBus, events: AbstractExchange, amqp_url: str, broker_prefix: str
) -> None:
    await publish(events, *JUNK, (sent := message()).encode())
    await consume(rabbit, recorder := Recorder())
    await eventually(lambda: rabbit.dead_letters(1))
    await rabbit.stop(0.0)

    another = RabbitBus(amqp_url, broker_prefix, delays=DELAYS)
    await consume(another, recorder)
    await eventually(lambda: sent in recorder.seen, within_s=60)
    await letters(another, len(JUNK))
    await another.stop(0.1)


async def test_the_in_process_bus_tells_of_junk_too() -> None:
    bus = MemoryBus(SystemClock())
    await consume(bus, Recorder())
    with capture_logs() as logs:
        await bus.publish_raw(IngestRequested.TYPE, b"junk")
        await eventually(bus.dead_letters)
    assert [line["messages"] for line in logs if line["event"] == "message refused"] == [1]
    await bus.stop(0.1)

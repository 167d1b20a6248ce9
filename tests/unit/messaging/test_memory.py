from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested, MonitorRequested, NowcastPublished, Payload
from shared.errors import PermanentError, TransientError
from shared.messaging.bus import RETRY_DELAYS, Bus, Subscription, Volatile
from shared.messaging.dead_letter_file import DeadLetterFile
from shared.messaging.memory import MemoryBroker, MemoryBus
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.topology import AUDIT, AUDIT_LENGTH, declare_platform

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def envelope(payload: Payload) -> Envelope:
    return Envelope.wrap(payload, source="test", time=NOW)


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus(ManualClock(NOW))


def ingest(number: int = 0) -> Envelope:
    return envelope(IngestRequested(slot=NOW + timedelta(minutes=number)))


def monitor(number: int = 0) -> Envelope:
    return envelope(MonitorRequested(slot=NOW + timedelta(minutes=number)))


async def listen(bus: Bus, *names: str) -> list[tuple[str, Envelope]]:
    """What the consumers of these names get, in the order of delivery."""
    deliveries: list[tuple[str, Envelope]] = []
    for name in names:

        async def handle(message: Envelope, name: str = name) -> None:
            deliveries.append((name, message))

        await bus.subscribe(Subscription(name, [MonitorRequested if name == "monitor" else IngestRequested], handle))
    return deliveries


def test_only_the_memory_bus_is_volatile() -> None:
    memory: Bus = MemoryBus(ManualClock(NOW))
    rabbit: Bus = RabbitBus("amqp://127.0.0.1/", "test")
    assert isinstance(memory, Volatile)
    assert not isinstance(rabbit, Volatile)


@given(st.lists(st.booleans(), max_size=30))
async def test_messages_are_delivered_in_the_order_they_were_published(kinds: list[bool]) -> None:
    bus = MemoryBus(ManualClock(NOW))
    deliveries = await listen(bus, "monitor", "ingestor")
    sent = [ingest(number) if kind else monitor(number) for number, kind in enumerate(kinds)]
    for message in sent:
        await bus.publish(message)
    assert await bus.run_until_idle() == len(sent)
    assert [message for _, message in deliveries] == sent


async def test_copies_of_one_message_go_out_in_the_order_of_subscription(bus: MemoryBus) -> None:
    deliveries = await listen(bus, "second", "first")
    for number in range(2):
        await bus.publish(ingest(number))
    await bus.run_until_idle()
    assert [name for name, _ in deliveries] == ["second", "first", "second", "first"]


async def test_a_handlers_messages_are_delivered_in_the_same_run(bus: MemoryBus) -> None:
    async def passing_on(_: Envelope) -> None:
        await bus.publish(monitor())

    deliveries = await listen(bus, "monitor")
    await bus.subscribe(Subscription("ingestor", [IngestRequested], passing_on))
    await bus.publish(ingest())
    assert await bus.run_until_idle() == 2
    assert len(deliveries) == 1


async def test_a_retry_becomes_due_by_the_clock_tier_by_tier() -> None:
    clock = ManualClock(NOW)
    bus = MemoryBus(clock)
    at: list[datetime] = []

    async def failing(_: Envelope) -> None:
        at.append(clock.now())
        raise TransientError("later")

    await bus.subscribe(Subscription("ingestor", [IngestRequested], failing))
    await bus.publish(ingest())
    await bus.run_until_idle()
    for delay in RETRY_DELAYS:
        clock.move_to(clock.now() + delay - timedelta(microseconds=1))
        assert await bus.run_until_idle() == 0
        clock.move_to(clock.now() + timedelta(microseconds=1))
        assert await bus.run_until_idle() == 1
    assert [later - earlier for earlier, later in pairwise(at)] == list(RETRY_DELAYS)
    [letter] = await bus.dead_letters()
    assert letter.attempt == 1 + len(RETRY_DELAYS)
    assert letter.first_failed_at == NOW
    assert not bus.unsettled()


async def test_dead_letters_in_a_file_are_there_for_another_process(tmp_path: Path) -> None:
    kept = DeadLetterFile(tmp_path / "home" / "dead.ndjson")
    bus = MemoryBus(ManualClock(NOW), broker=MemoryBroker(ManualClock(NOW), kept=kept))
    assert await bus.dead_letters() == []

    async def failing(_: Envelope) -> None:
        raise PermanentError("no such model")

    await bus.subscribe(Subscription("ingestor", [IngestRequested], failing))
    for _ in range(3):
        await bus.publish(ingest())
        await bus.run_until_idle()
    another = MemoryBus(ManualClock(NOW), broker=MemoryBroker(ManualClock(NOW), kept=kept))
    letters = await another.dead_letters(2)
    assert [(letter.consumer, letter.first_failed_at) for letter in letters] == [("ingestor", NOW)] * 2
    assert "no such model" in letters[0].reason
    assert IngestRequested.TYPE.encode() in letters[0].body


async def test_a_message_is_unsettled_until_its_last_consumer_is_done(bus: MemoryBus) -> None:
    unsettled: list[bool] = []
    message = ingest()

    async def look(_: Envelope) -> None:
        unsettled.append(message.id in bus.unsettled())

    async def refuse(envelope: Envelope) -> None:
        await look(envelope)
        raise PermanentError("no")

    await bus.subscribe(Subscription("one", [IngestRequested], look))
    await bus.subscribe(Subscription("two", [IngestRequested], refuse))
    assert message.id not in bus.unsettled()
    await bus.publish(message)
    await bus.publish(message)
    await bus.run_until_idle()
    assert unsettled == [True] * 4
    assert not bus.unsettled()


async def test_the_audit_queue_is_bounded_and_settles_at_once(bus: MemoryBus) -> None:
    await declare_platform(bus)
    published = NowcastPublished(
        generation_id=1, model_id="m-" + "0" * 16, snapshot_id="0" * 64, as_of=NOW, published_at=NOW,
        values_sha256="1" * 64, merkle_root="2" * 64,
    )  # fmt: skip
    message = envelope(published)
    for _ in range(AUDIT_LENGTH + 10):
        await bus.publish(message)
    assert not bus.unsettled()
    assert bus.waiting(AUDIT) == AUDIT_LENGTH

"""What `shared.messaging.bus` promises, asked of both implementations."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import uuid4

import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.messages import ALL_MESSAGES, IngestRequested, MonitorRequested, TrainingRequested
from shared.errors import PermanentError, TransientError
from shared.messaging.bus import Bus, DeadLetter, Subscription, UnroutableError
from shared.messaging.topology import CONSUMERS, declare_platform
from shared.storage.object_store import StoreUnavailableError
from tests.integration.messaging.conftest import DELAYS, Broker, eventually

SLOT = datetime(2025, 3, 1, 12, tzinfo=UTC)


def message(slot: datetime = SLOT) -> Envelope:
    return Envelope.wrap(IngestRequested(slot=slot), source="test", time=datetime.now(UTC))


class Recorder:
    """A handler that fails as scripted, then succeeds."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures = list(failures)
        self.seen: list[Envelope] = []
        self.at: list[float] = []

    async def __call__(self, envelope: Envelope) -> None:
        self.seen.append(envelope)
        self.at.append(monotonic())
        if self.failures:
            raise self.failures.pop(0)

    def subscription(self, consumer: str = "ingestor", concurrency: int = 1) -> Subscription:
        return Subscription(consumer, [IngestRequested], self, concurrency)


async def test_a_message_arrives_as_it_was_sent(bus: Bus) -> None:
    recorder = Recorder()
    await bus.subscribe(recorder.subscription())
    await bus.start()
    sent = message()
    await bus.publish(sent)
    await eventually(lambda: recorder.seen == [sent])


async def test_a_handled_message_is_gone(broker: Broker) -> None:
    first, second = Recorder(), Recorder()
    bus = broker.bus()
    await bus.subscribe(first.subscription())
    await bus.start()
    await bus.publish(message())
    await eventually(lambda: len(first.seen) == 1)
    await bus.stop(1.0)

    other = broker.bus()
    await other.subscribe(second.subscription())
    await other.start()
    await other.publish(marker := message())
    await eventually(lambda: len(second.seen) >= 1)
    assert second.seen == [marker]


@pytest.mark.parametrize("failure", [TransientError("later"), KeyError("surprise")], ids=["transient", "unexpected"])
async def test_a_failed_message_comes_again_after_the_delay_of_its_tier(bus: Bus, failure: Exception) -> None:
    recorder = Recorder(failure, TransientError("later still"))
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.publish(sent := message())
    await eventually(lambda: len(recorder.seen) == 3)
    assert recorder.seen == [sent, sent, sent]
    first, second, third = recorder.at
    assert second - first >= DELAYS[0].total_seconds() * 0.9
    assert third - second >= DELAYS[1].total_seconds() * 0.9
    assert await bus.dead_letters() == []


async def test_a_message_waiting_for_its_retry_does_not_hold_up_others(bus: Bus) -> None:
    recorder = Recorder(TransientError("later"))
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.publish(delayed := message())
    await bus.publish(other := message(SLOT + timedelta(minutes=5)))
    await eventually(lambda: len(recorder.seen) == 3)
    assert recorder.seen == [delayed, other, delayed]


async def test_a_permanent_failure_is_a_dead_letter_with_its_reason(bus: Bus) -> None:
    recorder = Recorder(PermanentError("the file is corrupt"))
    await bus.subscribe(recorder.subscription())
    await bus.start()
    before = datetime.now(UTC) - timedelta(seconds=1)
    await bus.publish(sent := message())
    await eventually(lambda: len(recorder.seen) == 1)
    letters = await wait_for_dead(bus, 1)
    assert letters[0].body == sent.encode()
    assert letters[0].consumer == "ingestor"
    assert letters[0].attempt == 1
    assert "the file is corrupt" in letters[0].reason
    assert before <= letters[0].first_failed_at <= datetime.now(UTC)
    assert len(recorder.seen) == 1


async def test_when_the_retries_are_used_up_it_is_dead(bus: Bus) -> None:
    recorder = Recorder(*[TransientError(f"try {number}") for number in range(9)])
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.publish(message())
    letters = await wait_for_dead(bus, 1)
    assert len(recorder.seen) == 1 + len(DELAYS)
    assert letters[0].attempt == 1 + len(DELAYS)
    assert f"try {len(DELAYS)}" in letters[0].reason
    assert datetime.now(UTC) - letters[0].first_failed_at >= sum(DELAYS, timedelta()) * 0.9


@pytest.mark.parametrize(
    "outage",
    [ConnectionRefusedError("no database"), StoreUnavailableError("no object store")],
    ids=["database", "store"],
)
async def test_an_outage_does_not_use_up_the_retries(bus: Bus, outage: Exception) -> None:
    recorder = Recorder(*[outage for _ in range(len(DELAYS) + 2)])
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.publish(message())
    await eventually(lambda: len(recorder.seen) == len(DELAYS) + 3)
    assert await bus.dead_letters() == []


def body(**changes: object) -> bytes:
    document = json.loads(message().encode())
    document.update(changes)
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


def training(**data: object) -> dict[str, object]:
    return {"type": TrainingRequested.TYPE, "data": {"reason": "drift", "requested_by": "ana", **data}}


NOW = datetime.now(UTC)
MALFORMED = {
    "nothing": b"",
    "not JSON": b"hello",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "a list": b"[]",
    "deeply nested": b"[" * 100_000,
    "no id": body(id=None),
    "no type": body(type=None),
    "no data": body(data=None),
    "no slot": body(data={}),
    "another specversion": body(specversion="0.3"),
    "an unknown type": body(type="punkcast.weather.changed.v1"),
    "an unknown version": body(type="punkcast.ingest.requested.v9"),
    "a slot before the contract": body(data={"slot": "2017-06-21T23:59:59Z"}),
    "a slot without a time zone": body(data={"slot": "2025-01-01T00:00:00"}),
    "a slot far ahead of the message": body(data={"slot": (NOW + timedelta(days=2)).isoformat()}),
    "a message from the future": body(time=(NOW + timedelta(days=400)).isoformat()),
    "a training cutoff before the contract": body(**training(data_cutoff="2015-07-30T00:00:00Z")),
    "a training cutoff far ahead": body(**training(data_cutoff="2200-01-01T00:00:00Z")),
    "a training request without a reason": body(**training(reason="   ")),
    "a text with a NUL": body(**training(reason="a\u0000b")),
    "a type this consumer does not handle": body(**training()),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_message_is_dead_at_once_and_disturbs_nothing(bus: Bus, name: str) -> None:
    recorder = Recorder()
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.publish_raw(IngestRequested.TYPE, MALFORMED[name])
    await bus.publish(good := message())
    await eventually(lambda: recorder.seen == [good])
    [letter] = await wait_for_dead(bus, 1)
    assert letter.body == MALFORMED[name]
    assert letter.attempt == 1
    assert letter.reason.startswith(("malformed: ", "misrouted: "))


async def test_replicas_share_the_work(broker: Broker) -> None:
    recorders = [Recorder(), Recorder()]

    def slow(recorder: Recorder) -> Subscription:
        async def handle(envelope: Envelope) -> None:
            await recorder(envelope)
            await asyncio.sleep(0.005)

        return Subscription("ingestor", [IngestRequested], handle)

    for recorder in recorders:
        bus = broker.bus()
        await bus.subscribe(slow(recorder))
        await bus.start()
    sent = [message(SLOT + timedelta(minutes=number)) for number in range(40)]
    for envelope in sent:
        await bus.publish(envelope)
    await eventually(lambda: sum(len(recorder.seen) for recorder in recorders) >= len(sent))
    handled = [envelope.id for recorder in recorders for envelope in recorder.seen]
    assert sorted(handled) == sorted(envelope.id for envelope in sent)
    assert all(recorder.seen for recorder in recorders)


async def test_every_consumer_gets_its_own_copy(bus: Bus) -> None:
    one, other = Recorder(), Recorder(TransientError("only here"))
    await bus.subscribe(one.subscription("one"))
    await bus.subscribe(other.subscription("other"))
    await bus.start()
    await bus.publish(message())
    await eventually(lambda: len(other.seen) == 2)
    assert len(one.seen) == 1


async def test_concurrency_bounds_the_handlers_at_work(bus: Bus) -> None:
    running, most = 0, 0
    done = 0

    async def handle(_: Envelope) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.03)
        running -= 1
        done += 1

    await bus.subscribe(Subscription("ingestor", [IngestRequested], handle, concurrency=3))
    await bus.start()
    for _ in range(9):
        await bus.publish(message())
    await eventually(lambda: done == 9)
    assert most == 3


async def test_stopping_lets_a_running_handler_finish(broker: Broker) -> None:
    started, finished = asyncio.Event(), asyncio.Event()

    async def handle(_: Envelope) -> None:
        started.set()
        await asyncio.sleep(0.2)
        finished.set()

    bus = broker.bus()
    await bus.subscribe(Subscription("ingestor", [IngestRequested], handle))
    await bus.start()
    await bus.publish(message())
    await asyncio.wait_for(started.wait(), 5)
    await bus.stop(5.0)
    assert finished.is_set()

    later = Recorder()
    other = broker.bus()
    await other.subscribe(later.subscription())
    await other.start()
    await other.publish(marker := message())
    await eventually(lambda: bool(later.seen))
    assert later.seen == [marker]


async def test_stopping_gives_back_what_does_not_finish_in_time(broker: Broker) -> None:
    started = asyncio.Event()

    async def hang(_: Envelope) -> None:
        started.set()
        await asyncio.sleep(60)

    bus = broker.bus()
    await bus.subscribe(Subscription("ingestor", [IngestRequested], hang))
    await bus.start()
    await bus.publish(sent := message())
    await asyncio.wait_for(started.wait(), 5)
    before = monotonic()
    await bus.stop(0.1)
    assert monotonic() - before < 3

    later = Recorder()
    other = broker.bus()
    await other.subscribe(later.subscription())
    await other.start()
    await eventually(lambda: later.seen == [sent])
    assert await other.dead_letters() == []


async def test_after_stop_consuming_publishing_still_works(broker: Broker) -> None:
    bus = broker.bus()
    recorder = Recorder()
    await bus.subscribe(recorder.subscription())
    await bus.start()
    await bus.stop_consuming(1.0)
    await bus.publish(message())
    await asyncio.sleep(0.1)
    assert recorder.seen == []
    await bus.start()
    await eventually(lambda: len(recorder.seen) == 1)


async def test_a_message_that_no_queue_wants_is_refused(bus: Bus) -> None:
    await bus.declare("monitor", [MonitorRequested])
    with pytest.raises(UnroutableError, match=r"punkcast\.ingest\.requested\.v1"):
        await bus.publish(message())


async def test_a_declared_queue_keeps_messages_for_a_consumer_to_come(broker: Broker) -> None:
    publisher = broker.bus()
    await publisher.declare("ingestor", [IngestRequested])
    await publisher.publish(sent := message())
    recorder = Recorder()
    consumer = broker.bus()
    await consumer.subscribe(recorder.subscription())
    await consumer.start()
    await eventually(lambda: recorder.seen == [sent])


async def test_on_a_declared_platform_every_message_type_is_routable(bus: Bus) -> None:
    await declare_platform(bus)
    await declare_platform(bus)
    for payload_type in ALL_MESSAGES:
        await bus.publish_raw(payload_type.TYPE, b"{}")
    with pytest.raises(UnroutableError):
        await bus.publish_raw("punkcast.weather.changed.v1", b"{}")
    assert set(CONSUMERS) == {
        "ingestor", "nowcaster", "trainer", "gatekeeper", "monitor", "alerts", "webhooks", "backtests",
    }  # fmt: skip


async def test_a_bus_is_healthy_while_its_consumers_are_attached(bus: Bus) -> None:
    await bus.subscribe(Recorder().subscription())
    assert not bus.healthy
    await bus.start()
    assert bus.healthy
    await bus.stop_consuming(0.1)
    assert not bus.healthy


async def test_looking_at_dead_letters_leaves_them_where_they_are(bus: Bus) -> None:
    await bus.subscribe(Recorder().subscription())
    await bus.start()
    for number in range(3):
        await bus.publish_raw(IngestRequested.TYPE, f"not JSON {number} {uuid4()}".encode())
    letters = await wait_for_dead(bus, 3)
    some = await bus.dead_letters(limit=2)
    assert len(some) == 2
    assert all(letter in letters for letter in some)
    assert await bus.dead_letters() == letters


async def wait_for_dead(bus: Bus, number: int) -> list[DeadLetter]:
    deadline = monotonic() + 8
    while len(letters := await bus.dead_letters()) < number:
        assert monotonic() < deadline, f"{len(letters)} dead letters instead of {number}"
        await asyncio.sleep(0.05)
    return letters

"""The guarantees of `shared.messaging.bus`, tested on both implementations."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from uuid import uuid4

import asyncpg
import pytest

from shared.contracts.envelope import Envelope
from shared.contracts.messages import ALL_MESSAGES, IngestRequested, MonitorRequested, TrainingRequested
from shared.errors import PermanentError, TransientError
from shared.messaging.bus import LARGEST_BODY, Bus, DeadLetter, Subscription, TooLargeError, UnroutableError
from shared.messaging.topology import declare_platform
from shared.storage.object_store import StoreUnavailableError
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import DELAYS, SLOT, Broker, Recorder, consume, message


async def dead_letters(bus: Bus, number: int) -> list[DeadLetter]:
    """The dead letters, once there are at least so many."""

    async def letters() -> list[DeadLetter]:
        letters = await bus.dead_letters()
        return letters if len(letters) >= number else []

    return await eventually(letters)


async def test_a_message_arrives_as_it_was_sent_and_only_once(broker: Broker) -> None:
    first, second = Recorder(), Recorder()
    bus, other = broker.bus(), broker.bus()
    await consume(bus, first)
    await bus.publish(sent := message())
    await eventually(lambda: first.seen == [sent])
    await bus.stop(1.0)

    await consume(other, second)
    await other.publish(marker := message())
    await eventually(lambda: second.seen)
    assert second.seen == [marker]


@pytest.mark.parametrize("failure", [TransientError("later"), KeyError("surprise")], ids=["transient", "unexpected"])
async def test_a_failed_message_is_redelivered_after_the_delay_of_its_tier(bus: Bus, failure: Exception) -> None:
    recorder = Recorder(failure, TransientError("later still"))
    await consume(bus, recorder)
    await bus.publish(sent := message())
    await eventually(lambda: len(recorder.seen) == 3)
    assert recorder.seen == [sent, sent, sent]
    first, second, third = recorder.at
    assert second - first >= DELAYS[0].total_seconds() * 0.9
    assert third - second >= DELAYS[1].total_seconds() * 0.9
    assert await bus.dead_letters() == []


async def test_a_message_waiting_for_its_retry_does_not_delay_others(bus: Bus) -> None:
    recorder = Recorder(TransientError("later"))
    await consume(bus, recorder)
    await bus.publish(delayed := message())
    await bus.publish(other := message(SLOT + timedelta(minutes=5)))
    await eventually(lambda: len(recorder.seen) == 3)
    assert recorder.seen == [delayed, other, delayed]


async def test_a_permanent_failure_is_a_dead_letter_with_its_reason(bus: Bus) -> None:
    recorder = Recorder(PermanentError("the file is corrupt"))
    await consume(bus, recorder)
    before = datetime.now(UTC) - timedelta(seconds=1)
    await bus.publish(sent := message())
    [letter] = await dead_letters(bus, 1)
    assert (letter.body, letter.consumer, letter.attempt) == (sent.encode(), "ingestor", 1)
    assert "the file is corrupt" in letter.reason
    assert before <= letter.first_failed_at <= datetime.now(UTC)
    assert recorder.seen == [sent]


async def test_after_the_last_retry_a_message_is_dead(bus: Bus) -> None:
    recorder = Recorder(*[TransientError(f"try {number}") for number in range(9)])
    await consume(bus, recorder)
    await bus.publish(message())
    [letter] = await dead_letters(bus, 1)
    assert len(recorder.seen) == letter.attempt == 1 + len(DELAYS)
    assert f"try {len(DELAYS)}" in letter.reason
    assert datetime.now(UTC) - letter.first_failed_at >= sum(DELAYS, timedelta()) * 0.9


@pytest.mark.parametrize(
    "outage",
    [
        ConnectionRefusedError("no database"),
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.LockNotAvailableError("canceling statement due to lock timeout"),
        StoreUnavailableError("no object store"),
    ],
    ids=["no database", "full disk", "locked table", "no store"],
)
async def test_an_outage_does_not_use_up_the_retries(bus: Bus, outage: Exception) -> None:
    outages, failures = len(DELAYS) + 2, len(DELAYS)
    recorder = Recorder(*[outage] * outages, *[TransientError("later")] * failures)
    await consume(bus, recorder)
    await bus.publish(message())
    await eventually(lambda: len(recorder.seen) == outages + failures + 1)
    assert await bus.dead_letters() == []


def body(**changes: object) -> bytes:
    return json.dumps(json.loads(message().encode()) | changes).encode()


# What makes a message malformed is tested in tests/unit/contracts/test_envelope.py.
UNREADABLE = {
    "nothing": b"",
    "not JSON": b"hello",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "a list": b"[]",
    "deeply nested": b"[" * 100_000,
    "an unknown version": body(type="punkcast.ingest.requested.v9"),
    "from the future": body(time=(datetime.now(UTC) + timedelta(days=400)).isoformat()),
    "misrouted": body(type=TrainingRequested.TYPE, data={"reason": "drift", "requested_by": "ana"}),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_message_is_dead_at_once_and_disturbs_nothing(bus: Bus, name: str) -> None:
    recorder = Recorder()
    await consume(bus, recorder)
    await bus.publish_raw(IngestRequested.TYPE, UNREADABLE[name])
    await bus.publish(good := message())
    await eventually(lambda: recorder.seen == [good])
    [letter] = await dead_letters(bus, 1)
    assert (letter.body, letter.attempt) == (UNREADABLE[name], 1)
    assert letter.reason.startswith(("misrouted: ",) if name == "misrouted" else ("malformed: ",))


async def test_replicas_share_the_work(broker: Broker) -> None:
    recorders = [Recorder(), Recorder()]

    async def slowly(recorder: Recorder, envelope: Envelope) -> None:
        await recorder(envelope)
        await asyncio.sleep(0.005)

    for recorder in recorders:
        bus = broker.bus()
        await consume(bus, partial(slowly, recorder))
    sent = [message(SLOT + timedelta(minutes=number)) for number in range(40)]
    for envelope in sent:
        await bus.publish(envelope)
    await eventually(lambda: sum(len(recorder.seen) for recorder in recorders) >= len(sent))
    handled = [envelope.id for recorder in recorders for envelope in recorder.seen]
    assert sorted(handled) == sorted(envelope.id for envelope in sent)
    assert all(recorder.seen for recorder in recorders)


async def test_every_consumer_gets_its_own_copy(bus: Bus) -> None:
    one, other = Recorder(), Recorder(TransientError("only here"))
    await consume(bus, one, "one")
    await consume(bus, other, "other")
    await bus.publish(message())
    await eventually(lambda: len(other.seen) == 2)
    assert len(one.seen) == 1


async def test_concurrency_bounds_the_running_handlers(bus: Bus) -> None:
    running: list[int] = []
    done: list[int] = []

    async def handle(_: Envelope) -> None:
        running.append(running[-1] + 1 if running else 1)
        await asyncio.sleep(0.03)
        running.append(running[-1] - 1)
        done.append(1)

    await consume(bus, handle, concurrency=3)
    for _ in range(9):
        await bus.publish(message())
    await eventually(lambda: len(done) == 9)
    assert max(running) == 3


@pytest.mark.parametrize(("takes_s", "grace_s"), [(0.2, 5.0), (60.0, 0.1)], ids=["in time", "too slow"])
async def test_stopping_lets_a_handler_finish_within_the_grace_and_else_requeues_its_message(
    broker: Broker, takes_s: float, grace_s: float
) -> None:
    started, finished, later = asyncio.Event(), asyncio.Event(), Recorder()

    async def handle(_: Envelope) -> None:
        started.set()
        await asyncio.sleep(takes_s)
        finished.set()

    bus, other = broker.bus(), broker.bus()
    await consume(bus, handle)
    await bus.publish(sent := message())
    await asyncio.wait_for(started.wait(), 5)
    before = monotonic()
    await bus.stop(grace_s)
    assert monotonic() - before < 3
    assert finished.is_set() == (takes_s < grace_s)

    await consume(other, later)
    await other.publish(marker := message())
    expected = [marker] if finished.is_set() else [sent, marker]
    await eventually(lambda: len(later.seen) >= len(expected))
    assert later.seen == expected
    assert await other.dead_letters() == []


async def test_after_stop_consuming_publishing_still_works(broker: Broker) -> None:
    bus, recorder = broker.bus(), Recorder()
    await consume(bus, recorder)
    await bus.stop_consuming(1.0)
    await bus.publish(message())
    await asyncio.sleep(0.1)
    assert recorder.seen == []
    await bus.start()
    await eventually(lambda: len(recorder.seen) == 1)


async def test_a_message_without_a_queue_is_refused(bus: Bus) -> None:
    await bus.declare("monitor", [MonitorRequested])
    with pytest.raises(UnroutableError, match=r"punkcast\.ingest\.requested\.v1"):
        await bus.publish(message())


async def test_a_declared_queue_keeps_messages_for_a_later_consumer(broker: Broker) -> None:
    publisher, recorder = broker.bus(), Recorder()
    await publisher.declare("ingestor", [IngestRequested])
    await publisher.publish(sent := message())
    await consume(broker.bus(), recorder)
    await eventually(lambda: recorder.seen == [sent])


async def test_on_a_declared_platform_every_message_type_is_routable(bus: Bus) -> None:
    await declare_platform(bus)
    await declare_platform(bus)
    for payload_type in ALL_MESSAGES:
        await bus.publish_raw(payload_type.TYPE, b"{}")
    with pytest.raises(UnroutableError):
        await bus.publish_raw("punkcast.weather.changed.v1", b"{}")


async def test_a_bus_is_healthy_while_its_consumers_are_attached(bus: Bus) -> None:
    await bus.subscribe(Subscription("ingestor", [IngestRequested], Recorder()))
    assert not bus.healthy
    await bus.start()
    assert bus.healthy
    await bus.stop_consuming(0.1)
    assert not bus.healthy


async def test_reading_dead_letters_leaves_them_in_the_queue(bus: Bus) -> None:
    await consume(bus, Recorder())
    for number in range(3):
        await bus.publish_raw(IngestRequested.TYPE, f"not JSON {number} {uuid4()}".encode())
    letters = await dead_letters(bus, 3)
    some = await bus.dead_letters(limit=2)
    assert len(some) == 2
    assert all(letter in letters for letter in some)
    assert await bus.dead_letters() == letters


async def test_a_body_above_the_limit_is_refused_at_publishing_and_harms_no_other_message(bus: Bus) -> None:
    await consume(bus, recorder := Recorder())
    body = bytes(LARGEST_BODY + 1)
    for refused in (bus.publish_raw(IngestRequested.TYPE, body), bus.hand("ingestor", body)):
        with pytest.raises(TooLargeError, match="2097153 bytes exceed the broker's limit of 2097152"):
            await refused
    await bus.publish_raw(IngestRequested.TYPE, body[:-1])
    await bus.publish(sent := message())
    await eventually(lambda: recorder.seen == [sent])
    [letter] = await dead_letters(bus, 1)
    assert letter.cut.length == LARGEST_BODY

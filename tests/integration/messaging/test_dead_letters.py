"""Dead letters on both buses: shown one at a time, handed back, removed, and cut if they are too large."""

from hashlib import sha256

import pytest

from shared.clock import SystemClock
from shared.contracts.envelope import MAX_BYTES
from shared.contracts.messages import IngestRequested
from shared.errors import PermanentError
from shared.messaging.bus import KEPT_OF_CUT, Bus, DeadLetter, Fate, Subscription, UnroutableError
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.transaction import hand_over, originating
from tests.factories.database import Database
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import Recorder, consume, message


async def letters(bus: Bus, number: int) -> list[DeadLetter]:
    async def enough() -> list[DeadLetter]:
        found = await bus.dead_letters()
        return found if len(found) == number else []

    return await eventually(enough)


async def test_only_what_is_to_be_removed_goes(bus: Bus) -> None:
    await consume(bus, Recorder(), "ingestor")
    for number in range(4):  # of a burst, the order is not kept
        await bus.publish_raw(IngestRequested.TYPE, b"junk %d" % number)
        await letters(bus, number + 1)
    shown = []

    async def judge(letter: DeadLetter) -> Fate:
        shown.append(letter.body)
        if letter.body == b"junk 2":
            return "stop"
        return "remove" if letter.body == b"junk 1" else "keep"

    await bus.sift(judge)
    assert shown == [b"junk 0", b"junk 1", b"junk 2"]
    assert {letter.body for letter in await letters(bus, 3)} == {b"junk 0", b"junk 2", b"junk 3"}


async def test_a_sift_that_fails_loses_nothing(bus: Bus) -> None:
    await consume(bus, Recorder(), "ingestor")
    await bus.publish_raw(IngestRequested.TYPE, b"junk")
    await letters(bus, 1)

    async def failing(_: DeadLetter) -> Fate:
        raise ValueError("killed")

    with pytest.raises(ValueError, match="killed"):
        await bus.sift(failing)
    assert [letter.body for letter in await letters(bus, 1)] == [b"junk"]


async def test_a_message_is_handed_to_one_consumer_and_keeps_its_id(bus: Bus) -> None:
    failing, other = Recorder(PermanentError("not yet")), Recorder()
    await consume(bus, failing, "ingestor")
    await consume(bus, other, "monitor")
    sent = message()
    await bus.publish(sent)
    (dead,) = await letters(bus, 1)
    await bus.hand(dead.consumer, dead.body)
    await eventually(lambda: len(failing.seen) == 2)
    assert failing.seen[1].id == sent.id
    assert len(other.seen) == 1
    with pytest.raises(UnroutableError):
        await bus.hand("nobody", dead.body)


async def test_of_a_body_above_the_limit_the_beginning_is_kept(bus: Bus) -> None:
    await consume(bus, Recorder(), "ingestor")
    body = bytes(range(256)) * (MAX_BYTES // 256) + b"!"
    await bus.publish_raw(IngestRequested.TYPE, body)
    (dead,) = await letters(bus, 1)
    assert dead.body == body[:KEPT_OF_CUT]
    assert (dead.cut.length, dead.cut.sha256) == (len(body), sha256(body).hexdigest())
    assert dead.reason.startswith("malformed: ")


async def test_a_command_hands_a_message_over_to_the_process_with_the_queues(database: Database) -> None:
    """The in-process broker lives elsewhere, so the message goes through the outbox, to its one consumer."""
    clock, seen, other = SystemClock(), Recorder(), Recorder()
    elsewhere = MemoryBus(clock)
    for consumer, recorder in (("ingestor", seen), ("monitor", other)):
        await elsewhere.subscribe(Subscription(consumer, [IngestRequested], recorder))
    sent = message()
    for _ in range(2):
        async with originating(database, clock, source="cli") as transaction:
            await hand_over(transaction, "ingestor", sent.encode())
    relay = Relay(database, elsewhere, clock=clock)
    while await relay.run_once() + await elsewhere.run_until_idle():
        pass
    assert [one.id for one in seen.seen] == [sent.id]
    assert other.seen == []
    assert await database.value("select count(*) from outbox") == 0

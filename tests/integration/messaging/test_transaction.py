"""One commit per handled message, whatever happens around it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from shared.clock import ManualClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.messaging.ticks import tick
from shared.messaging.transaction import AlreadyHandledError, Transaction, handling, originating, purge_inbox
from tests.factories.database import Database

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
Handle = Callable[..., AbstractAsyncContextManager[Transaction]]
UPDATE = MarketUpdated(last_seq=7, last_block=9, events=1, sales_scored=0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def cause() -> Envelope:
    return Envelope.wrap(
        IngestRequested(slot=NOW), source="test", time=NOW, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067-01"
    )


@pytest.fixture
def handle(database: Database, clock: ManualClock, cause: Envelope) -> Handle:
    """Handles `cause`, as the ingestor unless another consumer is named."""
    return partial(handling, database, clock, cause=cause, consumer="ingestor")


async def count(database: Database, table: str) -> int:
    return await database.value(f"select count(*) from {table}")


async def test_the_inbox_entry_and_the_messages_commit_together(database: Database, handle: Handle) -> None:
    async with handle() as tx:
        await tx.emit(UPDATE)
        assert await count(database, "outbox") == 0
        assert await count(database, "inbox") == 0
    assert await count(database, "outbox") == 1
    assert await count(database, "inbox") == 1


async def test_a_failing_handler_leaves_no_effects_and_may_retry(database: Database, handle: Handle) -> None:
    with pytest.raises(RuntimeError):
        async with handle() as tx:
            await tx.emit(UPDATE)
            raise RuntimeError("killed half-way")
    assert await count(database, "outbox") == 0
    async with handle() as tx:
        await tx.emit(UPDATE)
    assert await count(database, "outbox") == 1


async def test_the_same_message_is_handled_once_by_each_consumer(database: Database, handle: Handle) -> None:
    for consumer in ("ingestor", "nowcaster"):
        async with handle(consumer=consumer) as tx:
            await tx.emit(UPDATE)
        with pytest.raises(AlreadyHandledError):
            async with handle(consumer=consumer) as tx:
                await tx.emit(UPDATE)
    assert await count(database, "outbox") == 2


async def test_concurrent_deliveries_wait_for_each_other(database: Database, handle: Handle) -> None:
    async def deliver() -> str:
        try:
            async with handle() as tx:
                await tx.emit(UPDATE)
                await asyncio.sleep(0.05)
        except AlreadyHandledError:
            return "duplicate"
        return "handled"

    outcomes = await asyncio.gather(*(deliver() for _ in range(5)))
    assert sorted(outcomes) == ["duplicate"] * 4 + ["handled"]
    assert await count(database, "outbox") == 1


async def test_when_the_first_delivery_fails_the_waiting_one_takes_over(database: Database, handle: Handle) -> None:
    inside = asyncio.Event()

    async def failing() -> None:
        async with handle():
            inside.set()
            await asyncio.sleep(0.05)
            raise RuntimeError("crash")

    first = asyncio.create_task(failing())
    await inside.wait()
    async with handle() as tx:
        await tx.emit(UPDATE)
    with pytest.raises(RuntimeError):
        await first
    assert await count(database, "outbox") == 1


async def test_an_emitted_message_continues_the_flow_of_its_cause(
    database: Database, clock: ManualClock, cause: Envelope, handle: Handle
) -> None:
    clock.move_to(NOW + timedelta(seconds=5))
    async with handle() as tx:
        identity = await tx.emit(UPDATE)
    (row,) = await database.rows("select * from outbox")
    envelope = decode(row["body"])
    assert envelope.id == row["message_id"] == identity
    assert envelope.type == row["routing_key"] == MarketUpdated.TYPE
    assert envelope.correlationid == cause.correlationid
    assert envelope.causationid == cause.id
    assert envelope.traceparent == row["traceparent"] == cause.traceparent
    assert envelope.time == row["created_at"] == clock.now()
    assert envelope.source == "ingestor"
    assert envelope.data == UPDATE


async def test_a_message_without_a_cause_starts_a_flow_of_its_own(database: Database, clock: ManualClock) -> None:
    async with originating(database, clock, source="operator") as tx:
        identity = await tx.emit(UPDATE)
    envelope = decode(await database.value("select body from outbox"))
    assert envelope.correlationid == identity
    assert envelope.causationid is None


async def test_emitting_the_same_tick_twice_is_emitting_it_once(database: Database, clock: ManualClock) -> None:
    payload, identity = tick("nowcast", NOW)
    for _ in range(2):
        async with originating(database, clock, source="scheduler") as tx:
            assert await tx.emit(payload, message_id=identity) == identity
    assert await count(database, "outbox") == 1


async def test_only_old_inbox_entries_are_deleted(database: Database, clock: ManualClock) -> None:
    for age in (timedelta(days=31), timedelta(days=29), timedelta()):
        message = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW, message_id=uuid4())
        async with handling(database, ManualClock(NOW - age), consumer="ingestor", cause=message):
            pass
    assert await database.run(purge_inbox, before=NOW - timedelta(days=30)) == 1
    assert await count(database, "inbox") == 2


async def test_an_id_used_by_another_type_stays_free(database: Database, clock: ManualClock, cause: Envelope) -> None:
    """Whoever knows the id of a later message cannot use it up with a message of another type."""
    twin = Envelope.wrap(UPDATE, source="a stranger", time=NOW, message_id=cause.id)
    for message in (twin, cause):
        async with handling(database, clock, consumer="ingestor", cause=message) as tx:
            await tx.emit(UPDATE)
    assert await count(database, "outbox") == 2


async def test_two_types_with_one_id_are_two_messages_to_emit(database: Database, clock: ManualClock) -> None:
    payload, identity = tick("nowcast", NOW)
    for emitted in (UPDATE, payload, UPDATE, payload):
        async with originating(database, clock, source="scheduler") as tx:
            assert await tx.emit(emitted, message_id=identity) == identity
    rows = await database.rows("select body from outbox order by id")
    assert [(decode(row["body"]).type, decode(row["body"]).id) for row in rows] == [
        (UPDATE.TYPE, identity),
        (payload.TYPE, identity),
    ]


ENTER_OF_PREVIOUS_RELEASE = """
insert into inbox (consumer, message_id, handled_at) values ($1, $2, $3) on conflict do nothing returning message_id
"""


async def test_neither_release_handles_again_what_the_other_has_handled(
    database: Database, clock: ManualClock, cause: Envelope, handle: Handle
) -> None:
    """During a rolling update both releases consume; the previous one writes no type."""
    older = Envelope.wrap(IngestRequested(slot=NOW), source="test", time=NOW)
    assert await database.value(ENTER_OF_PREVIOUS_RELEASE, "ingestor", older.id, NOW) == older.id
    with pytest.raises(AlreadyHandledError):
        async with handling(database, clock, consumer="ingestor", cause=older):
            pass
    async with handle():
        pass
    assert await database.value(ENTER_OF_PREVIOUS_RELEASE, "ingestor", cause.id, NOW) is None

"""Faults that the runs must find. Each is planted in the running code, never in the sources."""

import contextlib
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import uuid5

from services.notifier import deal_repository
from services.notifier import deliveries as notifications
from services.notifier import repository as deliveries
from services.notifier.sending import Sender
from services.nowcaster import repository as nowcasts
from services.nowcaster.archive import Archive
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.database.pool import Database
from shared.errors import PermanentError
from shared.messaging import delivery, transaction
from shared.messaging.delivery import deliver
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.transaction import Transaction, originating
from shared.registry import decisions, models, pointer, promotions, training_requests
from shared.storage import folder
from shared.storage.object_store import reference_for
from shared.stores import (
    event_repository,
    generation_archive,
    offer_repository,
    sale_repository,
    snapshot_repository,
)
from shared.stores.snapshot_repository import Archived


@dataclass(frozen=True)
class Plant:
    """`service`: whose work can show the fault; `places`: a part of the names of the passages that can."""

    meaning: str
    service: str
    places: str
    planted: Callable[[], AbstractContextManager[object]]


@contextmanager
def _commits_after(module: Any, name: str) -> Iterator[None]:
    """What the transaction has written is committed in the middle of it."""
    original = getattr(module, name)

    async def early(*args: Any, **options: Any) -> Any:
        done = await original(*args, **options)
        first = args[0]
        connection = getattr(first, "connection", first)
        await connection.execute("COMMIT")
        await connection.execute("BEGIN")
        return done

    with patch.object(module, name, early):
        yield


@contextmanager
def _deletes_before_publishing() -> Iterator[None]:
    async def run_once(self: Relay) -> int:
        async with self._database.transaction() as connection:
            rows = await connection.fetch("delete from outbox returning id, message_id, routing_key, body")
        for row in sorted(rows, key=lambda row: row["id"]):
            await self._publish(row)
        return len(rows)

    with patch.object(Relay, "run_once", run_once):
        yield


@contextmanager
def _sends_after_the_commit() -> Iterator[None]:
    """Messages are entered into the outbox once the effects are committed."""
    emit, handling = Transaction.emit, transaction.handling
    later: list[tuple[Any, ...]] = []

    async def keep(self: Transaction, payload: Any, *, message_id: Any = None) -> None:
        later.append((payload, message_id, self.cause, self.source))

    @asynccontextmanager
    async def and_then_send(database: Database, clock: Clock, *, consumer: str, cause: Envelope) -> AsyncIterator[Any]:
        later.clear()
        async with handling(database, clock, consumer=consumer, cause=cause) as opened:
            yield opened
        async with database.transaction() as connection:
            for payload, message_id, caused_by, source in later:
                await emit(Transaction(connection, clock, source, caused_by), payload, message_id=message_id)

    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(Transaction, "emit", keep))
        _replace_handling(stack, and_then_send)
        yield


@contextmanager
def _enters_nothing_into_the_inbox() -> Iterator[None]:
    @asynccontextmanager
    async def handle(database: Database, clock: Clock, *, consumer: str, cause: Envelope) -> AsyncIterator[Any]:
        async with originating(database, clock, source=consumer) as opened:
            yield replace(opened, cause=cause)

    with contextlib.ExitStack() as stack:
        _replace_handling(stack, handle)
        yield


@contextmanager
def _commits_the_inbox_first() -> Iterator[None]:
    handling = transaction.handling

    @asynccontextmanager
    async def apart(database: Database, clock: Clock, *, consumer: str, cause: Envelope) -> AsyncIterator[Any]:
        async with handling(database, clock, consumer=consumer, cause=cause):
            pass
        async with database.transaction() as connection:
            yield Transaction(connection, clock, source=consumer, cause=cause)

    with contextlib.ExitStack() as stack:
        _replace_handling(stack, apart)
        yield


def _replace_handling(stack: contextlib.ExitStack, planted: Any) -> None:
    """Services import the function itself, so each of their modules has it."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("services.") and hasattr(module, "handling"):
            stack.enter_context(patch.object(module, "handling", planted))


@contextmanager
def _acknowledges_before_handling() -> Iterator[None]:
    async def handle(self: Any, subscription: Any, queue: Any, one: Any) -> None:
        self._broker.settle(queue, one, delivery.Outcome("done"))
        await deliver(subscription, one.body, attempt=1, retries=3, now=self._broker.clock.now())

    with patch.object(MemoryBus, "_handle", handle):
        yield


@contextmanager
def _loses_the_unacknowledged() -> Iterator[None]:
    async def handle(self: Any, subscription: Any, queue: Any, one: Any) -> None:
        broker = self._broker
        outcome = await deliver(
            subscription, one.body, attempt=one.attempt, retries=len(broker.delays), now=broker.clock.now()
        )
        broker.settle(queue, one, outcome)

    with patch.object(MemoryBus, "_handle", handle):
        yield


@contextmanager
def _writes_files_in_place() -> Iterator[None]:
    def write(path: Path, body: bytes, sha256: str) -> None:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(body)
                file.flush()
                folder.os.fsync(file.fileno())

    with patch.object(folder, "_write", write):
        yield


@contextmanager
def _records_archives_before_uploading() -> Iterator[None]:
    async def upload(self: Any, generation_id: int, rows: Any) -> Archived:
        body = generation_archive.to_file(rows)
        archived = Archived("generation", str(generation_id), reference_for("generations", body, "parquet"))
        async with self._database.transaction() as connection:
            await snapshot_repository.record_archive(connection, archived, at=self._clock.now())
        await self._store.put("generations", body, extension="parquet")
        return archived

    with patch.object(Archive, "_upload_rows", upload):
        yield


@contextmanager
def _draws_an_id_for_each_attempt() -> Iterator[None]:
    original = Sender.post

    async def post(self: Sender, due: Any, **options: Any) -> Any:
        if due.attempts > 1:
            due = replace(due, delivery_id=uuid5(due.delivery_id, str(due.attempts)))
        return await original(self, due, **options)

    with patch.object(Sender, "post", post):
        yield


def _other_statement(module: Any, name: str, old: str, new: str) -> Callable[[], AbstractContextManager[object]]:
    statement = getattr(module, name)
    assert old in statement, f"{name} does not say {old!r} any more"
    return lambda: patch.object(module, name, statement.replace(old, new))


class _UnexpectedError(PermanentError):
    pass


def _early(module: Any, name: str, service: str, places: str) -> Plant:
    assert inspect.iscoroutinefunction(getattr(module, name))
    meaning = f"what `{module.__name__.rpartition('.')[2]}.{name}` writes is committed before the rest"
    return Plant(meaning, service, places, partial(_commits_after, module, name))


def _a_repetition_is_an_error() -> AbstractContextManager[object]:
    return patch.object(delivery, "AlreadyHandledError", _UnexpectedError)


PLANTS: Final[Mapping[str, Plant]] = {
    "lost-outbox-row": Plant(
        "the relay deletes messages before the broker has them", "relay", "before publish", _deletes_before_publishing
    ),
    "message-after-commit": Plant(
        "messages are written after the commit of what they tell of", "monitor", "after commit", _sends_after_the_commit
    ),
    "ack-before-commit": Plant(
        "a delivery is acknowledged before it is handled", "monitor", "before commit", _acknowledges_before_handling
    ),
    "unacknowledged-lost": Plant(
        "a delivery that its process did not acknowledge is gone", "monitor", "before commit", _loses_the_unacknowledged
    ),
    "missing-inbox-key": Plant(
        "no delivery enters the inbox", "monitor", "after commit", _enters_nothing_into_the_inbox
    ),
    "repetition-refused": Plant(
        "a repetition counts as a failure", "monitor", "before ack", _a_repetition_is_an_error
    ),
    "file-in-place": Plant("a file is written in place", "nowcaster", "half file", _writes_files_in_place),
    "archive-before-file": Plant(
        "an archive is recorded before its file is there", "nowcaster", "before file generations",
        _records_archives_before_uploading,
    ),
    "lease-for-ever": Plant(
        "the lease of a dead trainer never runs out", "trainer", "before file models",
        _other_statement(training_requests, "CLAIM_SQL", "lease_until < $1", "false"),
    ),
    "delivery-for-ever": Plant(
        "a delivery that a dead process took is never tried again", "notifier", "after commit",
        _other_statement(
            deliveries, "TAKE_SQL", "next_attempt_at = $2, attempts", "next_attempt_at = nullif($2, $2), attempts"
        ),
    ),
    "delivery-under-another-id": Plant(
        "a repeated delivery has another id", "notifier", "webhook", _draws_an_id_for_each_attempt
    ),
    "early-inbox": Plant(
        "the inbox is committed before the effects", "monitor", "before insert outbox", _commits_the_inbox_first
    ),
    "early-events": _early(event_repository, "append_events", "ingestor", "before insert sales"),
    "early-offers": _early(offer_repository, "catch_up", "ingestor", "before insert sales"),
    "early-sales": _early(sale_repository, "record_sales", "ingestor", "before insert outcomes"),
    "early-score": _early(sale_repository, "score", "ingestor", "before insert outbox"),
    "early-success": _early(training_requests, "succeed", "trainer", "before insert models"),
    "early-snapshot": _early(snapshot_repository, "record", "trainer", "before insert models"),
    "early-contender": _early(models, "register", "trainer", "before insert outbox"),
    "early-decision": _early(decisions, "record", "gatekeeper", "before update models"),
    "early-state": _early(models, "transition", "gatekeeper", "before insert model_pointer"),
    "early-pointer": _early(pointer, "promote", "gatekeeper", "before insert promotions"),
    "early-probation": _early(promotions, "begin", "gatekeeper", "before update shadows"),
    "early-rollback": _early(pointer, "rollback", "monitor", "before update shadows"),
    "early-values": _early(nowcasts, "write", "nowcaster", "before insert nowcast_pointer"),
    "early-publication": _early(nowcasts, "move_pointer", "nowcaster", "before insert outbox"),
    "early-delivery": _early(notifications, "enter", "webhooks", "before insert webhook_deliveries"),
    "early-deal": _early(deal_repository, "tell", "notifier", "before insert webhook_deliveries"),
}  # fmt: skip

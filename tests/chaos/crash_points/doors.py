"""The ways out of the process. Each counts its passages before and after, so that no caller can miss one.

| place | passage |
|---|---|
| `commit` | the COMMIT of a transaction |
| `insert`, `update`, `delete`, `copy <table>` | a statement that writes within a transaction |
| `lone …` | one outside a transaction, which is a commit too |
| `publish <type>` | a message goes to the broker |
| `ack <consumer>` | a delivery is acknowledged, postponed or declared dead |
| `file <kind>` | an object goes to the store; `half` leaves the part that was written |
| `webhook` | a receiver has the delivery; its answer does not arrive |
"""

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from copy import copy, deepcopy
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch
from uuid import UUID

import asyncpg
from aiohttp import web

from shared.clock import Clock
from shared.contracts.envelope import decode
from shared.messaging.bus import DeadLetter
from shared.messaging.delivery import Outcome
from shared.messaging.memory import MemoryBroker, MemoryBus, _Delivery, _Queue
from shared.messaging.topology import AUDIT
from shared.storage import folder
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectRef, reference_for
from tests.chaos.crash_points.life import Crash, Life

T = TypeVar("T")
_WRITES = re.compile(r"(?<!for )\b(insert|update|delete)\s+(?:into\s+|from\s+)?(\w+)", re.IGNORECASE)


def connection_class(life: Life) -> type[asyncpg.Connection]:
    """The connections of a process: what they write is a passage, and a dead process writes and reads nothing."""

    class Watched(asyncpg.Connection):
        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 (asyncpg's)
            return await self._through(query, lambda: super(Watched, self).execute(query, *args, timeout=timeout))

        async def fetch(self, query: str, *args: Any, **options: Any) -> list[Any]:
            return await self._through(query, lambda: super(Watched, self).fetch(query, *args, **options))

        async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
            return await self._through(query, lambda: super(Watched, self).fetchval(query, *args, **options))

        async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
            return await self._through(query, lambda: super(Watched, self).fetchrow(query, *args, **options))

        async def executemany(self, command: str, args: Iterable[Any], **options: Any) -> None:
            await self._through(command, lambda: super(Watched, self).executemany(command, args, **options))

        async def copy_to_table(self, table_name: str, **options: Any) -> str:
            return await self._writing(
                f"copy {table_name}", lambda: super(Watched, self).copy_to_table(table_name, **options)
            )

        async def copy_records_to_table(self, table_name: str, **options: Any) -> str:
            return await self._writing(
                f"copy {table_name}", lambda: super(Watched, self).copy_records_to_table(table_name, **options)
            )

        async def _through(self, query: str, work: Callable[[], Awaitable[T]]) -> T:
            if query == "COMMIT;":
                return await _passing(life, "commit", work)
            written = _WRITES.search(query)
            if written is not None:
                return await self._writing(f"{written[1]} {written[2]}".lower(), work)
            life.check()
            return await work()

        async def _writing(self, what: str, work: Callable[[], Awaitable[T]]) -> T:
            return await _passing(life, what if self.is_in_transaction() else f"lone {what}", work)

    return Watched


async def _passing(life: Life, place: str, work: Callable[[], Awaitable[T]]) -> T:
    life.passing(f"before {place}")
    done = await work()
    life.passing(f"after {place}")
    return done


class Broker(MemoryBroker):
    """A broker outside the process: it keeps what the process has not acknowledged when it died.

    Attributes:
        times: how often each message is delivered.
        mixed: draws the order of messages in different queues; None keeps that of their publication.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.life: Life | None = None
        self.sent: dict[tuple[str, UUID], str] = {}
        self.times = 1
        self.mixed: Random | None = None

    def route(self, key: str, body: bytes, message_id: UUID | None) -> None:
        if self.life is not None:
            self.life.passing(f"before publish {_short(key)}")
        if message_id is not None:
            self.sent[key, message_id] = said(body)
        for _ in range(self.times):
            super().route(key, body, message_id)
        if self.life is not None:
            self.life.passing(f"after publish {_short(key)}")

    def settle(self, queue: _Queue, delivery: _Delivery, outcome: Outcome) -> None:
        assert self.life is not None
        if self.life.reaches(f"before ack {queue.name}"):
            queue.ready.appendleft(delivery)
        self.life.check()
        super().settle(queue, delivery, outcome)
        self.life.passing(f"after ack {queue.name}")

    def contents(self) -> "Contents":
        """What a restart of the scenario needs to begin here again."""
        return deepcopy(self.queues), list(self.dead), Counter(self.pending), copy(self._order)

    def hold(self, contents: "Contents") -> None:
        queues, dead, pending, order = contents
        self.queues, self.dead, self.pending = deepcopy(queues), list(dead), Counter(pending)
        self._order = copy(order)

    def lose_everything(self) -> None:
        """As new."""
        for kept in (self.queues, self.pending, self.dead, self.sent):
            kept.clear()
        self._order = count() if self.mixed is None else iter(self.mixed.random, None)

    def next_due(self) -> datetime | None:
        """When the next postponed message may be delivered."""
        return min((one.due for queue in self.queues.values() for one in queue.delayed if one.due), default=None)

    def left(self) -> list[str]:
        """Queues that are not empty, with the number of their messages."""
        counts = {name: len(queue.ready) + len(queue.delayed) for name, queue in self.queues.items() if name != AUDIT}
        return [f"{count} messages in {name}" for name, count in counts.items() if count]


Contents = tuple[dict[str, _Queue], list[DeadLetter], Counter[UUID], "count[int]"]


class RemoteBus(MemoryBus):
    """Its messages outlive the process, as on RabbitMQ: the relay deletes what is published."""

    unsettled = None

    async def deliver_one(self) -> str | None:
        """Deliver the oldest message; returns its consumer, or None if no message is due."""
        if (oldest := self._oldest()) is None:
            return None
        subscription, queue, delivery = oldest
        queue.ready.popleft()
        await self._handle(subscription, queue, delivery)
        return subscription.consumer


class Store(FolderStore):
    """A folder that outlives the process."""

    def __init__(self, root: Path, life: Life) -> None:
        super().__init__(root)
        self._root, self._life = root, life

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        self._life.passing(f"before file {kind}")
        if self._life.reaches(f"half file {kind}"):
            reference = reference_for(kind, body, extension)
            with suppress(Crash), patch.object(folder.os, "fsync", side_effect=Crash):
                folder._write(self._root / reference.key, body[: len(body) // 2], reference.sha256)
        self._life.check()
        reference = await super().put(kind, body, extension=extension)
        self._life.passing(f"after file {kind}")
        return reference

    async def get(self, reference: ObjectRef) -> bytes:
        self._life.check()
        return await super().get(reference)


class Receiver:
    """Receives webhooks. The sender may die once the receiver has the delivery."""

    def __init__(self) -> None:
        self.life: Life | None = None
        self.got: list[tuple[str, str]] = []
        """`webhook-id` and body of each, as they came."""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.headers["webhook-id"], await request.text()))
        if self.life is not None:
            self.life.reaches("webhook")
        asked = json.loads(self.got[-1][1])
        if asked["type"] == "webhook.challenge":
            return web.json_response({"challenge": asked["data"]["challenge"]})
        return web.Response(status=204)


def said(body: bytes) -> str:
    """What a message says: its type and data. Its id may be drawn."""
    message = decode(body)
    return f"{message.type} {json.dumps(message.data.model_dump(mode='json'), sort_keys=True)}"


def _short(key: str) -> str:
    return key.removeprefix("punkcast.").removesuffix(".v1")

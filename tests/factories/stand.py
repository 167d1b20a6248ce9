"""Where services stand in a test: a real database, a clock to move, a store that can be away, a bus to send with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from shared.clock import ManualClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import Payload
from shared.database.pool import Database
from shared.messaging.bus import DeadLetter
from shared.messaging.memory import MemoryBus
from shared.registry import models
from shared.registry.models import ModelRecord
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.settings import Settings
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectRef, StoreUnavailableError
from shared.stores import event_repository
from shared.stores import snapshot_repository as snapshots
from shared.valuation.model import ValuationModel
from tests.factories import registry, small_market


class Store(FolderStore):
    """A folder that can be out of reach: `away` answers of `put` and `get` are refused, -1 for all."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root
        self.away = 0
        self.reads: list[str] = []

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        self._reach()
        return await super().put(kind, body, extension=extension)

    async def get(self, reference: ObjectRef) -> bytes:
        self._reach()
        self.reads.append(reference.key)
        return await super().get(reference)

    def _reach(self) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailableError("the store is away")


@dataclass
class Stand:
    """One process of the platform; `another` is one more on the same database, clock and store."""

    platform: Platform
    bus: MemoryBus
    clock: ManualClock
    store: Store
    services: list[MessageService] = field(default_factory=list)

    @classmethod
    def at(cls, instant: datetime, database: Database, home: Path) -> Stand:
        clock, store = ManualClock(instant), Store(home / "objects")
        bus = MemoryBus(clock)
        settings = Settings(home=home, threads=1)
        return cls(Platform(settings=settings, clock=clock, database=database, bus=bus, store=store), bus, clock, store)

    def another(self) -> Stand:
        bus = MemoryBus(self.clock)
        return Stand(replace(self.platform, bus=bus), bus, self.clock, self.store)

    @property
    def database(self) -> Database:
        return self.platform.database

    async def host(self, service: MessageService) -> None:
        for subscription in service.subscriptions():
            await self.bus.subscribe(subscription)
        self.services.append(service)

    async def send(self, payload: Payload, *, message_id: UUID | None = None) -> UUID:
        """Publish, and deliver all that is due."""
        envelope = Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=message_id or uuid4())
        await self.bus.publish(envelope)
        await self.bus.run_until_idle()
        return envelope.id

    async def pass_time(self, seconds: float) -> None:
        """Move the clock and deliver what became due."""
        await self.clock.sleep(seconds)
        await self.bus.run_until_idle()

    async def dead(self) -> list[DeadLetter]:
        return await self.bus.dead_letters()

    async def told(self, kind: type[Payload]) -> list[Payload]:
        """Messages of this type in the outbox, in the order they were written."""
        rows = await self.rows("select body from outbox where routing_key = $1 order by id", kind.TYPE)
        return [decode(bytes(row["body"])).data for row in rows]

    async def value(self, query: str, *arguments: object) -> object:
        async with self.database.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.database.connection() as connection:
            found: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return found

    async def import_until(self, instant: datetime) -> None:
        """The events before `instant`, as `punkcast import` stores them: nothing is derived."""
        source = small_market.Source()
        events = small_market.EVENTS.drop("seq")
        async with self.database.transaction() as connection:
            await event_repository.store_punks(connection, await source.punks())
            await event_repository.store_eth_usd(connection, await source.eth_usd(instant.date()))
            await event_repository.append_events(connection, events.filter(events["timestamp"] < instant))

    async def register(self, model: ValuationModel, *, judged: bool = True) -> ModelRecord:
        """A contender as the trainer registers it, its file and both snapshots in the store; `judged` by some gate."""
        learn, judge = small_market.inputs()
        now = self.clock.now()
        reference = await self.store.put("models", model.to_bytes(), extension="json")
        stored = [await snapshots.upload(self.store, one) for one in (learn, judge)]
        async with self.database.transaction() as connection:
            for snapshot, archived in zip((learn, judge), stored, strict=True):
                await snapshots.record(connection, snapshot, at=now)
                await snapshots.record_archive(connection, archived, at=now)
            record = await registry.contender(
                connection,
                model.model_id,
                now,
                **model.facts(),
                artifact_key=reference.key,
                artifact_sha256=reference.sha256,
                artifact_bytes=reference.size,
                training_snapshot=learn.snapshot_id,
                evaluation_snapshot=judge.snapshot_id,
                training_rows=learn.frame.height,
            )
            if judged:
                await models.transition(connection, record.model_id, expected="registered", to="evaluated")
        return record

    async def promote(self, model: ValuationModel) -> ModelRecord:
        """Register it and make it champion, as the gatekeeper would; the one before is armed."""
        record = await self.register(model)
        async with self.database.transaction() as connection:
            await registry.promote(connection, record.model_id, self.clock.now(), register=False)
        return record

    async def shadow(self, model: ValuationModel) -> ModelRecord:
        """Register it and start it as a shadow of the champion."""
        record = await self.register(model)
        async with self.database.transaction() as connection:
            await registry.start_shadow(connection, record.model_id, self.clock.now(), register=False)
        return record

"""Hosts services in a test: a real database, a manual clock, a store that can be away and an in-memory bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import asyncpg

from shared.clock import ManualClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import Payload
from shared.database.roles import WRITES
from shared.messaging.bus import DeadLetter
from shared.messaging.memory import MemoryBus
from shared.registry import models
from shared.registry.evidence.gathering import EvidenceGatherer
from shared.registry.models import ModelRecord
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.settings import Settings
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectRef, StoreUnavailableError
from shared.stores import event_repository
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot
from tests.factories import registry, small_market
from tests.factories.database import Database

T = TypeVar("T")
Message = TypeVar("Message", bound=Payload)


class Store(FolderStore):
    """A folder that can be unreachable: `away` calls of `put` and `get` fail, -1 for all."""

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
class Harness:
    """One process of the platform; `another` is a further one on the same database, clock and store."""

    platform: Platform
    bus: MemoryBus
    clock: ManualClock
    store: Store
    services: list[Service] = field(default_factory=list)

    @classmethod
    def at(cls, instant: datetime, database: Database, home: Path) -> Self:
        clock, store = ManualClock(instant), Store(home / "objects")
        bus = MemoryBus(clock)
        settings = Settings(home=home, threads=1)
        return cls(Platform(settings=settings, clock=clock, database=database, bus=bus, store=store), bus, clock, store)

    async def another(self, build: Callable[..., Service], **options: Any) -> Harness:
        """A further process, with a bus of its own, that hosts this service."""
        bus = MemoryBus(self.clock)
        harness = Harness(replace(self.platform, bus=bus), bus, self.clock, self.store)
        await harness.host(build, **options)
        return harness

    async def elsewhere(self, build: Callable[..., Service], payload: Payload, **options: Any) -> None:
        """A process that has just started handles this message."""
        other = await self.another(build, **options)
        await other.send(payload)
        assert await other.dead() == []

    @property
    def database(self) -> Database:
        return self.platform.database

    async def host(self, build: Callable[..., Service], **options: Any) -> None:
        """Subscribe the service that a `bootstrap.build` makes from the platform. It has the rights of its login."""
        (name,) = set(build.__module__.split(".")) & set(WRITES)
        login = await self.database.of(name)
        self.services.append(build(replace(self.platform, database=login), **options))
        for subscription in self.services[-1].subscriptions():
            await self.bus.subscribe(subscription)

    async def send(self, payload: Payload, *, message_id: UUID | None = None, deliveries: int = 1) -> UUID:
        """Publish a message, and deliver everything that is due."""
        envelope = Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=message_id or uuid4())
        for _ in range(deliveries):
            await self.bus.publish(envelope)
        await self.bus.run_until_idle()
        return envelope.id

    async def pass_time(self, seconds: float) -> None:
        """Move the clock and deliver what became due."""
        await self.clock.sleep(seconds)
        await self.bus.run_until_idle()

    async def dead(self) -> list[DeadLetter]:
        return await self.bus.dead_letters()

    async def emitted(self, kind: type[Message]) -> list[Message]:
        """The messages of this type in the outbox, oldest first."""
        rows = await self.rows("select body from outbox where routing_key = $1 order by id", kind.TYPE)
        return [decode(bytes(row["body"])).data for row in rows]

    async def value(self, query: str, *arguments: object) -> Any:
        return await self.database.value(query, *arguments)

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.database.rows(query, *arguments)

    async def execute(self, statement: str, *arguments: object) -> None:
        await self.database.execute(statement, *arguments)

    async def run(self, function: Callable[..., Awaitable[T]], *arguments: Any, **options: Any) -> T:
        """Call a function that takes a connection first, in a transaction of its own."""
        return await self.database.run(function, *arguments, **options)

    async def state(self, model: str) -> str:
        """Of the model with this id or name."""
        return (await self.run(models.get, registry.model_id(model))).state

    async def import_until(self, instant: datetime) -> None:
        """The events before `instant`, as `punkcast import` stores them: without sales and offers."""
        source = small_market.Source()
        events = small_market.EVENTS.drop("seq")
        await self.run(event_repository.store_punks, await source.punks())
        await self.run(event_repository.store_eth_usd, await source.eth_usd(instant.date()))
        await self.run(event_repository.append_events, events.filter(events["timestamp"] < instant))

    async def register(self, model: ValuationModel, *, judged: bool = True) -> ModelRecord:
        """A contender as the trainer registers it, its file and both snapshots in the store."""
        learn, judge = small_market.inputs()
        file = await self.store.put("models", model.to_bytes(), extension="json")
        for snapshot in (learn, judge):
            await self.archive(snapshot)
        facts = model.facts() | {
            "artifact_key": file.key, "artifact_sha256": file.sha256, "artifact_bytes": file.size,
            "training_snapshot": learn.snapshot_id, "evaluation_snapshot": judge.snapshot_id,
            "training_rows": learn.frame.height,
        }  # fmt: skip
        record = await self.run(registry.contender, model.model_id, self.clock.now(), **facts)
        if judged:
            await self.run(models.transition, record.model_id, expected="registered", to="evaluated")
        return record

    async def archive(self, snapshot: Snapshot) -> None:
        """Store a snapshot and put it on record."""
        archived = await snapshots.upload(self.store, snapshot)
        await self.run(snapshots.record, snapshot, at=self.clock.now())
        await self.run(snapshots.record_archive, archived, at=self.clock.now())

    def gatherer(self, **options: Any) -> EvidenceGatherer:
        """Of a gate's evidence, as the gatekeeper's."""
        parts = {"database": self.database, "store": self.store, "reader": MarketReader(), "clock": self.clock}
        return EvidenceGatherer(**parts, threads=1, **{"max_latency_s": 5} | options)

    async def promote(self, model: ValuationModel) -> ModelRecord:
        """Register a model and make it champion, as the gatekeeper does."""
        record = await self.register(model)
        await self.run(registry.promote, record.model_id, self.clock.now(), register=False)
        return record

    async def shadow(self, model: ValuationModel) -> ModelRecord:
        """Register a model and start it as a shadow of the champion."""
        record = await self.register(model)
        await self.run(registry.start_shadow, record.model_id, self.clock.now(), register=False)
        return record

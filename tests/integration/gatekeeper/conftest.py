"""A gatekeeper on a real database whose evidence the test chooses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest

from services.gatekeeper.handlers import Gatekeeper
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import ContenderRegistered, Payload, RetrainCheckRequested, ShadowMatured
from shared.database.pool import Database
from shared.errors import UnsupportedModelError
from shared.evaluation.evidence import GateEvidence
from shared.evaluation.policy import load_policy
from shared.messaging.bus import Subscription
from shared.messaging.memory import MemoryBus
from shared.registry import models
from shared.registry.evidence.gathering import Gathered
from shared.registry.models import ModelRecord
from shared.registry.unsupported import UnsupportedModel
from tests.factories import gate_evidence, registry

START = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass
class ChosenEvidence:
    """Stands where files would be read: hands out the evidence it was given."""

    evidence: GateEvidence | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None
    asked: list[str] = field(default_factory=list)
    anchors: list[str | None] = field(default_factory=list)
    refused: UnsupportedModelError | None = None

    async def gather(
        self,
        contender: ModelRecord,
        champion: ModelRecord | None,
        anchor: ModelRecord | None = None,
        *,
        unsupported: UnsupportedModel | None = None,
    ) -> Gathered:
        self.asked.append(contender.model_id)
        if self.refused is not None:
            raise self.refused
        self.anchors.append(None if anchor is None else anchor.model_id)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        chosen = self.evidence
        if chosen is None:
            chosen = gate_evidence.first_contender() if champion is None else gate_evidence.evidence()
        return Gathered(chosen, contender.evaluation_snapshot, None)


@dataclass
class Gate:
    """A gatekeeper behind a bus."""

    database: Database
    clock: ManualClock
    bus: MemoryBus
    chosen: ChosenEvidence

    async def register(self, name: str, *, deliveries: int = 1) -> None:
        """A contender is registered and its message delivered."""
        async with self.database.transaction() as connection:
            record = await registry.contender(connection, name, self.clock.now())
        await self.tell(record.model_id, deliveries=deliveries)

    async def tell(self, model_id: str, *, deliveries: int = 1, message_id: UUID | None = None) -> None:
        payload = ContenderRegistered(model_id=model_id, request_id=registry.NAMESPACE)
        await self._deliver(payload, message_id or uuid5(registry.NAMESPACE, model_id), deliveries)

    async def mature(self, name: str, outcome: str, *, champion: str = "good", deliveries: int = 1) -> None:
        payload = ShadowMatured(
            model_id=registry.model_id(name),
            champion_id=registry.model_id(champion),
            outcome=outcome,  # type: ignore[arg-type]
            sales=100,
            e_value=25.0,
        )
        identity = uuid5(registry.NAMESPACE, f"{name} {outcome} {self.clock.now()}")
        await self._deliver(payload, identity, deliveries)

    async def pass_day(self, *, deliveries: int = 1) -> None:
        """The daily tick."""
        slot = self.clock.now()
        await self._deliver(RetrainCheckRequested(slot=slot), uuid5(registry.NAMESPACE, f"day {slot}"), deliveries)

    async def _deliver(self, payload: Payload, message_id: UUID, deliveries: int) -> None:
        envelope = Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=message_id)
        for _ in range(deliveries):
            await self.bus.publish(envelope)
        await self.bus.run_until_idle()
        assert await self.bus.dead_letters() == []

    async def state(self, name: str) -> str:
        async with self.database.connection() as connection:
            return (await models.get(connection, registry.model_id(name))).state

    async def told(self, kind: type[Payload]) -> list[Payload]:
        async with self.database.connection() as connection:
            rows = await connection.fetch("select body from outbox where routing_key = $1 order by id", kind.TYPE)
        return [decode(bytes(row["body"])).data for row in rows]

    async def value(self, query: str, *arguments: object) -> object:
        async with self.database.connection() as connection:
            return await connection.fetchval(query, *arguments)


@pytest.fixture
async def gate(database: Database) -> Gate:
    clock, chosen = ManualClock(START), ChosenEvidence()
    bus = MemoryBus(clock)
    keeper = Gatekeeper(database=database, clock=clock, policy=load_policy(), gatherer=chosen)
    await bus.subscribe(Subscription("gate", (ContenderRegistered,), keeper.on_contender_registered))
    await bus.subscribe(Subscription("day", (RetrainCheckRequested,), keeper.on_day_passed))
    await bus.subscribe(Subscription("shadow", (ShadowMatured,), keeper.on_shadow_matured))
    return Gate(database, clock, bus, chosen)

"""A gatekeeper on a real database whose evidence the test chooses."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from services.gatekeeper.handlers import CONSUMER, Gatekeeper
from shared.contracts.messages import ContenderRegistered, Payload, RetrainCheckRequested, ShadowMatured
from shared.errors import UnsupportedModelError
from shared.evaluation.evidence import GateEvidence
from shared.evaluation.policy import load_policy
from shared.registry.evidence.gathering import Gathered
from shared.registry.models import ModelRecord
from shared.registry.unsupported import UnsupportedModel
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from tests.factories import gate_evidence, registry
from tests.factories.database import Database
from tests.factories.harness import Harness

START = datetime(2025, 3, 1, tzinfo=UTC)


@dataclass
class ChosenEvidence:
    """Returns the evidence that it was given, instead of reading files."""

    evidence: GateEvidence | None = None
    meanwhile: Callable[[], Awaitable[object]] | None = None
    asked: list[str] = field(default_factory=list)
    confirmed: list[str | None] = field(default_factory=list)
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
        self.confirmed.append(None if anchor is None else anchor.model_id)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        chosen = self.evidence
        if chosen is None:
            chosen = gate_evidence.first_contender() if champion is None else gate_evidence.evidence()
        return Gathered(chosen, contender.evaluation_snapshot, None)


def build(platform: Platform, *, chosen: ChosenEvidence) -> MessageService:
    keeper = Gatekeeper(database=platform.database, clock=platform.clock, policy=load_policy(), gatherer=chosen)
    return MessageService(
        CONSUMER,
        {
            ContenderRegistered: keeper.on_contender_registered,
            RetrainCheckRequested: keeper.on_day_passed,
            ShadowMatured: keeper.on_shadow_matured,
        },
    )


@dataclass
class Gate(Harness):
    """A gatekeeper, and the evidence that it sees."""

    chosen: ChosenEvidence = field(default_factory=ChosenEvidence)

    def move(self, *, days: float = 0, hours: float = 0) -> None:
        """Move the clock to so long after START, unless it is later already."""
        self.clock.move_to(max(self.clock.now(), START + timedelta(days=days, hours=hours)))

    async def judge(
        self,
        *names: str,
        evidence: GateEvidence | None = None,
        deliveries: int = 1,
        days: float = 0,
        hours: float = 0,
    ) -> str:
        """Contenders with this evidence are registered and judged, so long after START; the last one's state then."""
        self.move(days=days, hours=hours)
        self.chosen.evidence = evidence
        for name in names:
            record = await self.run(registry.contender, name, self.clock.now())
            await self.announce(record.model_id, deliveries=deliveries)
        return await self.state(names[-1])

    async def announce(self, model_id: str, *, deliveries: int = 1, message_id: UUID | None = None) -> None:
        registered = ContenderRegistered(model_id=model_id, request_id=registry.NAMESPACE)
        await self._deliver(registered, message_id or uuid5(registry.NAMESPACE, model_id), deliveries)

    async def mature(
        self, name: str, outcome: str, *, champion: str = "good", deliveries: int = 1, days: float = 0, hours: float = 0
    ) -> str | None:
        """The monitor says that a shadow's test has ended; the shadow's state then."""
        self.move(days=days, hours=hours)
        matured = ShadowMatured(
            model_id=registry.model_id(name),
            champion_id=registry.model_id(champion),
            outcome=outcome,
            sales=100,
            e_value=25.0,
        )
        await self._deliver(matured, uuid5(registry.NAMESPACE, f"{name} {outcome} {self.clock.now()}"), deliveries)
        return await self.value("select state from models where model_id = $1", matured.model_id)

    async def pass_day(self, *, deliveries: int = 1, days: float = 0) -> None:
        """The daily tick, so many days after START."""
        self.move(days=days)
        slot = self.clock.now()
        await self._deliver(RetrainCheckRequested(slot=slot), uuid5(registry.NAMESPACE, f"day {slot}"), deliveries)

    async def _deliver(self, payload: Payload, message_id: UUID, deliveries: int) -> None:
        await self.send(payload, message_id=message_id, deliveries=deliveries)
        assert await self.dead() == []

    async def states(self, *names: str) -> tuple[str, ...]:
        return tuple([await self.state(name) for name in names])


@pytest.fixture
async def vacant(database: Database, tmp_path: Path) -> Gate:
    """There is no champion yet."""
    gate = Gate.at(START, database, tmp_path)
    await gate.host(build, chosen=gate.chosen)
    return gate


@pytest.fixture
async def gate(vacant: Gate) -> Gate:
    """The champion is `good`."""
    await vacant.judge("good")
    return vacant

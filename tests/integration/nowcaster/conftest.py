"""A nowcaster over the small market, with a champion whose file is in the store."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build
from shared.contracts.messages import IngestRequested, NowcastRequested
from shared.registry.models import ModelRecord
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.small_market import END, Source

START = END - timedelta(days=1)
"""The instant of an event, which nothing at this instant may know yet."""


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    """The market up to START is stored; there is no champion yet."""
    harness = Harness.at(START, database, tmp_path)
    await harness.import_until(START)
    await harness.host(build)
    return harness


@pytest.fixture
async def champion(harness: Harness) -> str:
    return (await harness.promote(small_market.model())).model_id


async def tick(harness: Harness, *, minutes: int = 0) -> datetime:
    """Let time pass, then request the nowcast of that instant."""
    harness.clock.move_to(harness.clock.now() + timedelta(minutes=minutes))
    await harness.send(NowcastRequested(slot=harness.clock.now()))
    return harness.clock.now()


async def ingest(harness: Harness, source: Source) -> None:
    """What the ingestor, a process of its own, does now."""
    await harness.elsewhere(build_ingestor, IngestRequested(slot=harness.clock.now()), source=source)


async def with_standby(harness: Harness, role: str) -> tuple[ModelRecord, ModelRecord]:
    """A champion, and a model that stands by: the previous champion or a shadow."""
    first, second = small_market.model(), small_market.model(8)
    if role == "previous":
        standby = await harness.promote(first)
        return await harness.promote(second), standby
    return await harness.promote(first), await harness.shadow(second)


class Shown(NamedTuple):
    """What the pointer shows."""

    generation_id: int
    model_id: str
    as_of: datetime


async def shown(harness: Harness) -> Shown | None:
    rows = await harness.rows(
        "select generation_id, model_id, as_of from nowcast_pointer join generations using (generation_id)"
    )
    return Shown(*rows[0]) if rows else None

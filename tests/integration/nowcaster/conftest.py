"""A nowcaster over the small market, with a champion whose file is in the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.ingestor.bootstrap import build as build_ingestor
from services.nowcaster.bootstrap import build
from shared.contracts.messages import IngestRequested, NowcastRequested
from shared.database.pool import Database
from tests.factories import small_market
from tests.factories.small_market import END, Source
from tests.factories.stand import Stand

START = END - timedelta(days=1)
"""The instant of an event, which nothing at this instant may know yet."""

Tick = Callable[..., Awaitable[datetime]]


@pytest.fixture
async def stand(database: Database, tmp_path: Path) -> Stand:
    """The market up to START is stored; there is no champion yet."""
    stand = Stand.at(START, database, tmp_path)
    await stand.import_until(START)
    await stand.host(build(stand.platform))
    return stand


@pytest.fixture
async def champion(stand: Stand) -> str:
    return (await stand.promote(small_market.model())).model_id


async def tick(stand: Stand, *, minutes: int = 0) -> datetime:
    """Let time pass, then request the nowcast of that instant."""
    stand.clock.move_to(stand.clock.now() + timedelta(minutes=minutes))
    await stand.send(NowcastRequested(slot=stand.clock.now()))
    return stand.clock.now()


async def ingest(stand: Stand, source: Source) -> None:
    """What the ingestor, a process of its own, does now."""
    other = stand.another()
    await other.host(build_ingestor(other.platform, source=source))
    await other.send(IngestRequested(slot=stand.clock.now()))
    assert await other.dead() == []


async def shown(stand: Stand) -> tuple[int, str, datetime] | None:
    """Generation, model and instant that the pointer shows."""
    rows = await stand.rows(
        "select generation_id, model_id, as_of from nowcast_pointer join generations using (generation_id)"
    )
    return tuple(rows[0]) if rows else None


async def shown_at(stand: Stand) -> datetime | None:
    """The instant that the pointer shows."""
    pointer = await shown(stand)
    return None if pointer is None else pointer[2]

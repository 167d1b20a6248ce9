"""A gateway in this process, asked through ASGI."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from services.api.app import create_app
from services.api.config import GatewayConfig
from services.api.gateway import Gateway
from shared.clock import ManualClock
from shared.database.pool import Database
from tests.integration.api import filling
from tests.plugins.postgres import fresh as fresh_database

OPERATOR_KEY = "the operator's own key"


@dataclass(frozen=True)
class Served:
    """A running gateway and a client of it."""

    client: httpx.AsyncClient
    gateway: Gateway
    clock: ManualClock

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for the follower; fails after ten seconds."""
        for _ in range(1000):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the gateway did not get there within ten seconds")

    async def until_shown(self, generation: int) -> None:
        current = self.gateway.current
        await self.until(
            lambda: current.view is not None and current.view.generation.record.generation_id == generation
        )


@asynccontextmanager
async def serving(database: Database, **knobs: object) -> AsyncIterator[Served]:
    """A gateway with its lifespan running, at `filling.NOW`."""
    clock = ManualClock(filling.NOW)
    config = GatewayConfig(**{"operator_key": OPERATOR_KEY, "poll_s": 0.2} | knobs)  # type: ignore[arg-type]
    app = create_app(database=database, clock=clock, config=config)
    async with app.router.lifespan_context(app) as state:
        assert state is not None

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Served(client=client, gateway=state["gateway"], clock=clock)


@pytest_asyncio.fixture
async def model(database: Database) -> str:
    """The first sixty punks and a champion are there; returns the champion."""
    async with database.connection() as connection:
        await filling.fill_punks(connection, 60)
        return await filling.fill_model(connection, champion=True)


@pytest_asyncio.fixture
async def served(database: Database, model: str) -> AsyncIterator[Served]:
    """A gateway that shows a first generation of the sixty."""
    async with database.connection() as connection:
        generation = await filling.publish(connection, model)
    async with serving(database) as found:
        await found.until_shown(generation)
        yield found


@pytest_asyncio.fixture(scope="module")
async def unchanging(postgres_url: str, template_database: str) -> AsyncIterator[Served]:
    """As `served`, one for all tests of a module that only ask questions."""
    async with fresh_database(postgres_url, template=template_database, purpose="api") as url:
        database = await Database.connect(url)
        async with database.connection() as connection:
            await filling.fill_punks(connection, 60)
            generation = await filling.publish(connection, await filling.fill_model(connection, champion=True))
        async with serving(database) as found:
            await found.until_shown(generation)
            yield found
        await database.close()


@pytest_asyncio.fixture
async def whole(database: Database) -> AsyncIterator[Served]:
    """A gateway that shows a generation of all 10,000."""
    async with database.connection() as connection:
        await filling.fill_punks(connection, 10_000)
        generation = await filling.publish(connection, await filling.fill_model(connection, champion=True))
    async with serving(database) as found:
        await found.until_shown(generation)
        yield found


@pytest.fixture
def operator() -> dict[str, str]:
    return {"Authorization": f"Bearer {OPERATOR_KEY}"}

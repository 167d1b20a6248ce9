"""A gateway in this process, asked through ASGI."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
from starlette.types import Receive, Scope, Send

from services.api.app import create_app
from services.api.config import GatewayConfig
from services.api.gateway import Gateway
from shared.clock import ManualClock
from shared.storage.object_store import ObjectStore
from tests.factories.database import Database
from tests.factories.view import D, read
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.plugins.postgres import fresh_pool

OPERATOR_KEY = "the operator's own key"
OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}


@dataclass(frozen=True)
class Served:
    """A running gateway and a client of it."""

    client: httpx.AsyncClient
    gateway: Gateway
    clock: ManualClock
    database: Database

    async def json(self, path: str, **request: Any) -> Any:
        return (await self.client.get(path, **request)).json()

    async def document(self, shape: type[D], path: str, **request: Any) -> D:
        """The answer, checked against the shape that OpenAPI promises."""
        return read(shape, (await self.client.get(path, **request)).content)

    async def pages(self, path: str, **params: object) -> list[Any]:
        """All of them, each asked for with the cursor of the one before."""
        pages = [await self.json(path, params=params)]
        while cursor := pages[-1]["next_cursor"]:
            pages.append(await self.json(path, params=params | {"cursor": cursor}))
        return pages

    async def items(self, path: str, **params: object) -> list[Any]:
        """Of all pages."""
        return [item for page in await self.pages(path, **params) for item in page["items"]]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for the follower; fails after ten seconds."""
        await eventually(holds, within_s=10)

    async def until_shown(self, generation: int) -> None:
        current = self.gateway.current
        await self.until(
            lambda: current.view is not None and current.view.generation.record.generation_id == generation
        )


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status of a refusal and the last part of its type."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


@asynccontextmanager
async def serving(
    database: Database, *, acts: bool = True, store: ObjectStore | None = None, **knobs: object
) -> AsyncIterator[Served]:
    """A gateway with its lifespan running, at `filling.NOW`; `acts`: it has the login for acts of operators."""
    clock = ManualClock(filling.NOW)
    config = GatewayConfig(**{"operator_key": OPERATOR_KEY, "poll_s": 0.2} | knobs)  # type: ignore[arg-type]
    operators = await database.of("operator") if acts else None
    app = create_app(database=await database.of("api"), operators=operators, clock=clock, config=config, store=store)
    async with app.router.lifespan_context(app) as state:
        assert state is not None

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Served(client=client, gateway=state["gateway"], clock=clock, database=database)


@asynccontextmanager
async def showing(database: Database, punks: int) -> AsyncIterator[Served]:
    """A gateway that shows a champion's generation of the first `punks` punks."""
    await database.run(filling.fill_punks, punks)
    generation = await database.run(filling.publish, await database.run(filling.fill_model, champion=True))
    async with serving(database) as found:
        await found.until_shown(generation)
        yield found


@pytest_asyncio.fixture
async def model(database: Database) -> str:
    """The first sixty punks and a champion are there; returns the champion."""
    await database.run(filling.fill_punks, 60)
    return await database.run(filling.fill_model, champion=True)


@pytest_asyncio.fixture
async def served(database: Database, model: str) -> AsyncIterator[Served]:
    """A gateway that shows a first generation of the sixty."""
    generation = await database.run(filling.publish, model)
    async with serving(database) as found:
        await found.until_shown(generation)
        yield found


@pytest_asyncio.fixture(scope="module")
async def unchanging(postgres_url: str, template_database: str) -> AsyncIterator[Served]:
    """As `served`, one for all tests of a module that only ask questions."""
    async with (
        fresh_pool(postgres_url, template=template_database, purpose="api") as database,
        showing(database, 60) as found,
    ):
        yield found


@pytest_asyncio.fixture
async def whole(database: Database) -> AsyncIterator[Served]:
    """A gateway that shows a generation of all 10,000."""
    async with showing(database, 10_000) as found:
        yield found

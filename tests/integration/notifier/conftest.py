"""A notifier on a real database, a gateway to subscribe at, and a receiver on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest_asyncio
from aiohttp import web

from services.notifier.alerts import alert_urls
from services.notifier.delivering import Deliveries
from services.notifier.handlers import Subscriptions
from shared.clock import ManualClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.database.pool import Database
from shared.registry import api_keys
from shared.settings import Settings
from tests.integration.api import filling
from tests.integration.api.conftest import Served, serving
from tests.integration.api.filling import NOW


@dataclass
class Receiver:
    """Answers with `status`; with `stall`, only once that is set."""

    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    stall: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        self.arrived.set()
        if self.stall is not None:
            await self.stall.wait()
        headers = {"Location": f"{self.url}/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=headers)

    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body in self.got]


async def _listening() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


receiver = pytest_asyncio.fixture(_listening, name="receiver")
other_receiver = pytest_asyncio.fixture(_listening, name="other_receiver")


@dataclass
class Stand:
    """A platform with a published generation, and a key that may subscribe."""

    database: Database
    served: Served
    clock: ManualClock
    headers: dict[str, str]
    model: str
    generation: int
    settings: Settings = field(default_factory=Settings)

    async def subscribe(self, url: str, *events: str, **more: object) -> dict[str, str]:
        answer = await self.served.client.post(
            "/v1/webhooks", json={"url": url, "events": list(events), **more}, headers=self.headers
        )
        assert answer.status_code == 201, answer.text
        made: dict[str, str] = answer.json()
        return made

    async def handle(self, payload: Payload, *, message: Envelope | None = None) -> None:
        message = message or Envelope.wrap(payload, source="test", time=self.clock.now(), message_id=uuid4())
        await self.subscriptions().on_event(message)

    def subscriptions(self) -> Subscriptions:
        return Subscriptions(database=self.database, clock=self.clock, alert_urls=alert_urls(self.settings))

    async def deliver(self, *, private: bool = True) -> None:
        """A round of a process that has just started."""
        prepare = self.subscriptions().prepare
        await Deliveries(database=self.database, clock=self.clock, private=private, prepare=prepare).deliver_due()

    async def state(self, webhook: dict[str, str]) -> dict[str, object]:
        path = f"/v1/webhooks/{webhook['webhook_id']}"
        found: dict[str, object] = (await self.served.client.get(path, headers=self.headers)).json()
        return found


@pytest_asyncio.fixture
async def stand(database: Database) -> AsyncIterator[Stand]:
    async with database.connection() as connection:
        await filling.fill_punks(connection, 6)
        model = await filling.fill_model(connection, champion=True)
        generation = await filling.publish(connection, model)
        key = await api_keys.create(connection, name="anna", scopes=["webhooks"], at=NOW)
    async with serving(database, webhooks_private=True) as served:
        yield Stand(database, served, ManualClock(NOW), {"X-API-Key": key.key}, model, generation)

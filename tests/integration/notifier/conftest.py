"""A notifier on a real database, a gateway to subscribe at, and a receiver on a real socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from services.notifier.bootstrap import build
from shared.registry import api_keys
from shared.settings import Settings
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.receiver import Receiver, receiving
from tests.integration.api import filling
from tests.integration.api.conftest import Served, serving
from tests.integration.api.filling import NOW


async def _listening() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


receiver = pytest_asyncio.fixture(_listening, name="receiver")
other_receiver = pytest_asyncio.fixture(_listening, name="other_receiver")


@dataclass
class Posting(Harness):
    """A notifier behind a published generation, and a gateway with a key that may subscribe."""

    served: Served | None = None
    headers: dict[str, str] = field(default_factory=dict)
    model: str = ""
    generation: int = 0

    def configure(self, settings: Settings) -> None:
        """The settings of every process that starts from now on."""
        self.platform = replace(self.platform, settings=settings)

    async def subscribe(self, url: str, *events: str, prove: bool = True, **more: object) -> dict[str, str]:
        """`prove`: its receiver gets and answers a challenge, and is active then."""
        order = {"url": url, "events": list(events), **more}
        answer = await self.served.client.post("/v1/webhooks", json=order, headers=self.headers)
        assert answer.status_code == 201, answer.text
        if prove:
            await self.deliver()
        return answer.json()

    async def deliver(self, *, after: timedelta = timedelta(), private: bool = True) -> None:
        """A round of a process that starts so much later."""
        self.clock.move_to(self.clock.now() + after)
        settings = self.platform.settings.model_copy(update={"webhooks_private": private})
        await build(replace(self.platform, settings=settings)).drain()

    async def webhook(self, created: dict[str, str]) -> dict[str, object]:
        """What the gateway says about a webhook."""
        return (await self.served.client.get(f"/v1/webhooks/{created['webhook_id']}", headers=self.headers)).json()


@pytest_asyncio.fixture
async def posting(database: Database, tmp_path: Path) -> AsyncIterator[Posting]:
    posting = Posting.at(NOW, database, tmp_path)
    await posting.host(build)
    await database.run(filling.fill_punks, 6)
    posting.model = await database.run(filling.fill_model, champion=True)
    posting.generation = await database.run(filling.publish, posting.model)
    key = await database.run(api_keys.create, name="anna", scopes=["webhooks"], at=NOW)
    posting.headers = {"X-API-Key": key.key}
    async with serving(database, webhooks_private=True) as served:
        posting.served = served
        yield posting

"""A market on a real node, and the services that follow it as processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import polars as pl

from services.api.webhooks import queries as webhooks
from services.api.webhooks.schemas import WebhookOrder
from shared.stores import event_repository
from shared.webhooks.secret import new_secret
from tests.chaos.supervisor import Supervisor
from tests.e2e.command import unset
from tests.factories.contract_market import CHAIN_ID, ContractMarket
from tests.factories.database import Database
from tests.factories.receiver import Receiver, receiving

FIRST_DAY: Final = date(2017, 6, 23)


@dataclass
class LiveMarket:
    """The services are not started yet: fill the database first."""

    chain: ContractMarket
    database: Database
    receiver: Receiver
    supervisor: Supervisor

    async def subscribe(self, *events: str, **order: Any) -> str:
        """The secret of a subscription of the receiver."""
        asked, secret = WebhookOrder(url=self.receiver.url, events=list(events), **order), new_secret()
        await self.database.run(webhooks.insert, uuid4(), "anna", asked, secret=secret, at=datetime.now(UTC))
        return secret

    def owned(self, punk: int) -> None:
        """This contract lets anybody offer any punk."""
        self.chain.played.owners[punk] = self.chain.accounts[punk % len(self.chain.accounts)]


@asynccontextmanager
async def live_market(
    chain: ContractMarket,
    *,
    database_url: str,
    amqp_url: str,
    prefix: str,
    folder: Path,
    services: tuple[str, ...],
    first_block: int = 0,
) -> AsyncIterator[LiveMarket]:
    """The node announces its blocks. `first_block`: the first one that is read."""
    parameters = f"chain_id={CHAIN_ID}&market={chain.address}&start_block={first_block}&poll_s=1"
    node = chain.url.rstrip("/")
    environment = unset() | {
        "PUNKCAST_HOME": str(folder / "home"),
        "PUNKCAST_DATABASE_URL": database_url,
        "PUNKCAST_BROKER_URL": amqp_url,
        "PUNKCAST_BROKER_PREFIX": prefix,
        "PUNKCAST_OBJECT_STORE_URL": f"folder://{folder / 'objects'}",
        "PUNKCAST_SOURCE_URL": f"ethereum+{node}?{parameters}",
        "PUNKCAST_RPC_URLS": node.replace("http://", "ws://"),
        "PUNKCAST_PRICE_URL": f"{node}/no-prices-here",
        "PUNKCAST_WEBHOOKS_PRIVATE": "true",
        "PUNKCAST_THREADS": "1",
        "PUNKCAST_LOG_FORMAT": "json",
        "PUNKCAST_GIT_SHA": "live",
        "PYTHONUNBUFFERED": "1",
    }
    supervisor = Supervisor(environment, folder / "logs", {}, services=services)
    database = await Database.connect(database_url, max_size=3)
    # Otherwise each start of the ingestor waits for a server of prices.
    today = datetime.now(UTC).date()
    days = pl.date_range(FIRST_DAY, today - timedelta(days=1), eager=True)
    await database.run(event_repository.store_eth_usd, pl.DataFrame({"date": days, "eth_usd": 2_000.0}))
    try:
        async with receiving() as receiver:
            try:
                yield LiveMarket(chain, database, receiver, supervisor)
            finally:
                await supervisor.stop()
    finally:
        await database.close()

"""A market on a real node whose blocks come by themselves, and the services that follow it as processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from services.api.webhooks import queries as webhooks
from services.api.webhooks.schemas import WebhookOrder
from shared.webhooks.secret import new_secret
from tests.chaos.supervisor import Supervisor
from tests.e2e.command import unset
from tests.factories.contract_market import CHAIN_ID, ContractMarket
from tests.factories.database import Database
from tests.factories.receiver import Receiver, receiving
from tests.plugins.hardhat import Hardhat


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

    async def mine_by_itself(self, every_s: float) -> None:
        """A block at each interval, from now on and at the present time."""
        await self.chain.rpc("evm_setNextBlockTimestamp", hex(int(datetime.now(UTC).timestamp())))
        await self.chain.mine(130)  # all of the newest blocks know their parents
        await self.chain.rpc("evm_setAutomine", False)
        await self.chain.rpc("evm_setIntervalMining", round(every_s * 1000))

    def owned(self, punk: int) -> None:
        """This contract lets anybody offer any punk."""
        self.chain.played.owners[punk] = self.chain.accounts[punk % len(self.chain.accounts)]


@asynccontextmanager
async def live_market(
    hardhat: Hardhat,
    *,
    database_url: str,
    amqp_url: str,
    prefix: str,
    folder: Path,
    services: tuple[str, ...],
    first_block: int = 0,
) -> AsyncIterator[LiveMarket]:
    """`first_block`: of the market's first block; earlier ones are empty."""
    database = await Database.connect(database_url, max_size=3)
    try:
        async with httpx.AsyncClient(base_url=hardhat.url, timeout=30.0) as client, receiving() as receiver:
            chain = await ContractMarket.deployed(client, hardhat.bytecode["PunkMarket"])
            if first_block:
                await chain.rpc("hardhat_mine", hex(first_block))
            parameters = f"chain_id={CHAIN_ID}&market={chain.address}&start_block={first_block}&poll_s=1"
            environment = unset() | {
                "PUNKCAST_HOME": str(folder / "home"),
                "PUNKCAST_DATABASE_URL": database_url,
                "PUNKCAST_BROKER_URL": amqp_url,
                "PUNKCAST_BROKER_PREFIX": prefix,
                "PUNKCAST_OBJECT_STORE_URL": f"folder://{folder / 'objects'}",
                "PUNKCAST_SOURCE_URL": f"ethereum+{hardhat.url}?{parameters}",
                "PUNKCAST_RPC_URLS": hardhat.url.replace("http://", "ws://"),
                "PUNKCAST_PRICE_URL": f"{hardhat.url}/no-prices-here",
                "PUNKCAST_WEBHOOKS_PRIVATE": "true",
                "PUNKCAST_THREADS": "1",
                "PUNKCAST_LOG_FORMAT": "json",
                "PUNKCAST_GIT_SHA": "live",
                "PYTHONUNBUFFERED": "1",
            }
            supervisor = Supervisor(environment, folder / "logs", {}, services=services)
            try:
                yield LiveMarket(chain, database, receiver, supervisor)
            finally:
                await supervisor.stop()
                await chain.rpc("evm_setIntervalMining", 0)
                await chain.rpc("evm_setAutomine", True)
    finally:
        await database.close()

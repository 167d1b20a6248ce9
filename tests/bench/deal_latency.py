"""From a new block to the signed webhook about a deal in it.

A real node mines a block per second. The ingestor, the notifier and a nowcaster that publishes all the time are
processes on PostgreSQL and RabbitMQ. A block counts as mined when the node announces it. The bare limit is what nobody
can save: one request for the logs of the block, and one post.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Final
from uuid import uuid4

import aio_pika
import httpx
from standardwebhooks import Webhook
from websockets.asyncio.client import connect

from shared.contracts.envelope import Envelope
from shared.database.migrate import migrate
from shared.messaging.ticks import tick
from tests.bench.measured import Measured
from tests.factories import small_market
from tests.factories.contract_market import ContractMarket
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.live_market import LiveMarket, live_market
from tests.factories.waiting import eventually
from tests.plugins.hardhat import running
from tests.plugins.postgres import fresh
from tests.plugins.rabbitmq import LOCAL, delete_names

DEALS: Final = 100
NOWCAST_EVERY_S: Final = 5.0
SERVICES: Final = ("ingestor", "nowcaster", "notifier")
FIRST_BLOCK: Final = int(small_market.EVENTS["block"][-1]) + 1
"""The chain follows a history."""


async def deal_latency(url: str, home: Path, _: Path) -> list[Measured]:
    """Median and 95th percentile over `DEALS` asks, each in a block of its own."""
    broker, prefix = os.environ.get("PUNKCAST_TEST_BROKER_URL", LOCAL), f"bench-{uuid4().hex[:12]}"
    folder = home / "deal_latency"
    folder.mkdir()
    try:
        with running() as hardhat:
            async with (
                httpx.AsyncClient(base_url=hardhat.url, timeout=30.0) as client,
                _migrated(url) as database_url,
                live_market(
                    await _chain(client, hardhat.bytecode["PunkMarket"]),
                    database_url=database_url,
                    amqp_url=broker,
                    prefix=prefix,
                    folder=folder,
                    services=SERVICES,
                    first_block=FIRST_BLOCK,
                ) as market,
            ):
                return await _measured(market, folder, broker, prefix)
    finally:
        await delete_names(broker, prefix)


@asynccontextmanager
async def _migrated(server: str) -> AsyncIterator[str]:
    async with fresh(server, template="template1", purpose="bench") as url:
        await migrate(url)
        yield url


async def _chain(client: httpx.AsyncClient, bytecode: str) -> ContractMarket:
    """A market without events at the present time, with a block per second."""
    chain = await ContractMarket.deployed(client, bytecode)
    await chain.rpc("hardhat_mine", hex(FIRST_BLOCK))
    await chain.rpc("evm_setNextBlockTimestamp", hex(int(datetime.now(UTC).timestamp())))
    await chain.mine(130)  # all of the newest blocks know their parents
    await chain.rpc("evm_setAutomine", False)
    await chain.rpc("evm_setIntervalMining", 1_000)
    return chain


async def _measured(market: LiveMarket, folder: Path, broker: str, prefix: str) -> list[Measured]:
    await _champion(market.database, folder)
    secret = await market.subscribe("deal.found", deal_margin=0.3)
    market.supervisor.start()
    await eventually(lambda: market.supervisor.all_ready, within_s=120)
    nowcasts = asyncio.create_task(_nowcasts(broker, prefix))
    heads: dict[int, float] = {}
    watching = asyncio.create_task(_watch(market, heads))
    try:
        await eventually(lambda: market.database.value("select exists (select from nowcast_pointer)"), within_s=120)
        before = int(await market.database.value("select count(*) from generations"))
        mined = await _offer(market)
        await eventually(lambda: mined.keys() <= _arrivals(market, secret).keys(), within_s=60)
        generations = int(await market.database.value("select count(*) from generations")) - before
    finally:
        nowcasts.cancel()
        watching.cancel()
    assert generations >= DEALS // 20, "nowcasts are published meanwhile"
    arrivals = _arrivals(market, secret)
    seconds = [arrivals[punk] - heads[block] for punk, block in mined.items()]
    bare = await _bare_limit(market)
    return [
        Measured("block to webhook about a deal, median", median(seconds), "s", bare),
        Measured("block to webhook about a deal, 95th percentile", quantiles(seconds, n=20)[-1], "s", bare),
    ]


def _arrivals(market: LiveMarket, secret: str) -> dict[int, float]:
    """When the deal of each punk arrived, rightly signed."""
    found = {}
    for (headers, body), at in zip(market.receiver.got, market.receiver.at, strict=True):
        Webhook(secret).verify(body, headers)
        found[int(json.loads(body)["data"]["punk_id"])] = at
    return found


async def _champion(database: Database, folder: Path) -> None:
    """A history of the market before the chain, and a model that learnt from it."""
    harness = Harness.at(datetime.now(UTC), database, folder)
    await harness.import_until(small_market.END)
    await harness.promote(small_market.model())


async def _offer(market: LiveMarket) -> dict[int, int]:
    """Offer a punk per block at half its value; the block of each."""
    values = await market.database.rows(
        """select punk_id, value_wei from nowcasts join nowcast_pointer using (generation_id)
           where punk_id not in (select punk_id from offers where until_seq is null) order by punk_id limit $1""",
        DEALS,
    )
    mined, pauses = {}, Random(1)
    for punk, value in values:
        market.owned(punk)
        sent = await market.chain.rpc("eth_sendTransaction", market.chain.offer(punk, int(value) // 2))
        receipt = None
        while receipt is None:
            await asyncio.sleep(0.05)
            receipt = await market.chain.rpc("eth_getTransactionReceipt", sent)
        mined[punk] = int(receipt["blockNumber"], 16)
        await asyncio.sleep(pauses.random() * 0.5)
    return mined


async def _watch(market: LiveMarket, heads: dict[int, float]) -> None:
    """When each block was announced."""
    async with connect(market.chain.url.replace("http://", "ws://")) as socket:
        await socket.send('{"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}')
        async for text in socket:
            message = json.loads(text)
            if message.get("method") == "eth_subscription":
                heads[int(message["params"]["result"]["number"], 16)] = time.perf_counter()


async def _nowcasts(broker: str, prefix: str) -> None:
    """Request a nowcast again and again."""
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(f"{prefix}.events")
        while True:
            now = datetime.now(UTC)
            payload, identity = tick("nowcast", now.replace(microsecond=0))
            envelope = Envelope.wrap(payload, source="bench", time=now, message_id=identity)
            await exchange.publish(aio_pika.Message(envelope.encode()), envelope.type)
            await asyncio.sleep(NOWCAST_EVERY_S)


async def _bare_limit(market: LiveMarket) -> float:
    seconds = []
    block = await market.chain.rpc("eth_getBlockByNumber", "latest", False)
    async with httpx.AsyncClient() as client:
        for _ in range(30):
            started = time.perf_counter()
            await market.chain.rpc("eth_getLogs", {"address": market.chain.address, "blockHash": block["hash"]})
            await client.post(market.receiver.url, content=b"{}")
            seconds.append(time.perf_counter() - started)
    return median(seconds)

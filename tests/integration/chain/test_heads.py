"""New heads are read at once, whether a node announces them or is asked, and through outages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from services.ingestor.following import follow as follow_heads
from services.ingestor.handlers import CONSUMER
from shared.clock import SystemClock
from shared.contracts.envelope import Envelope, decode
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.messaging.transaction import AlreadyHandledError
from shared.sources.ethereum import heads
from shared.sources.ethereum.heads import Heads
from tests.factories.contract_market import ContractMarket
from tests.factories.fault_proxy import fault_proxy
from tests.factories.tcp_line import TcpLine
from tests.factories.waiting import eventually
from tests.integration.chain.conftest import Follow, Following, clean_tables

BLOCK_SQL = "select block from chain_cursor"


@asynccontextmanager
async def in_step(following: Following) -> AsyncIterator[None]:
    """While the ingestor's background loop runs."""
    loop = asyncio.create_task(follow_heads(following.ingestor, following.source))
    try:
        yield
    finally:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop


async def reads(following: Following, chain: ContractMarket) -> None:
    """Wait until the newest block is read."""
    head = await chain.head()

    async def reached() -> bool:
        return await following.rows(BLOCK_SQL) == [(head,)]

    await eventually(reached)


def socket_of(url: str) -> str:
    return url.replace("http://", "ws://")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "asked for"])
async def test_each_head_is_read_without_a_tick(chain: ContractMarket, follow: Follow, announced: bool) -> None:
    way = {"sockets": [socket_of(chain.url)], "poll_s": 0.0} if announced else {"poll_s": 0.05}
    following = await follow(**way)
    async with in_step(following):
        for seed in range(3):
            await chain.trade(seed, 5)
            await reads(following, chain)
    assert await following.tables() == await clean_tables(follow)
    told = [decode(body).data for (body,) in await following.rows("select body from outbox")]
    assert sum(message.events for message in told) == len(await following.events()), "each event is told once"


async def test_a_head_reads_all_that_is_left_and_requests_nothing(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(9, 30)
    await chain.mine(300)
    following = await follow(sockets=[socket_of(chain.url)], budget_s=0.0, first_range=20)
    async with in_step(following):
        await reads(following, chain)
    assert await following.tables() == await clean_tables(follow)
    told = [decode(body).data for (body,) in await following.rows("select body from outbox")]
    assert {type(message) for message in told} == {MarketUpdated}


async def test_without_a_pause_and_without_sockets_only_ticks_pull(chain: ContractMarket, follow: Follow) -> None:
    following = await follow(poll_s=0.0)
    await asyncio.wait_for(follow_heads(following.ingestor, following.source), 5)
    assert await following.rows(BLOCK_SQL) == []


async def test_a_head_and_ticks_at_the_same_time_store_each_event_once(chain: ContractMarket, follow: Follow) -> None:
    following = await follow(sockets=[socket_of(chain.url)])
    other = await follow(database_url=following.url, poll_s=0.02)

    async def ticks() -> None:
        for _ in range(20):
            tick = Envelope.wrap(IngestRequested(slot=SystemClock().now()), source=CONSUMER, time=SystemClock().now())
            await following.ingestor.on_ingest_requested(tick)
            with pytest.raises(AlreadyHandledError):
                await other.ingestor.on_ingest_requested(tick)

    async with in_step(following), in_step(other):
        await asyncio.gather(chain.trade(4, 40), ticks())
        await reads(following, chain)
    assert await following.tables() == await clean_tables(follow)
    total = len(await following.events())
    assert await following.rows("select count(*), max(seq) from market_events") == [(total, total)]


async def test_an_outage_of_the_node_is_said_once_and_then_everything_is_read(
    chain: ContractMarket, follow: Follow
) -> None:
    async with fault_proxy(chain.url) as proxy:
        following = await follow(proxy.url, poll_s=0.02)
        async with in_step(following):
            await reads(following, chain)
            proxy.rules.append(lambda _: web.Response(status=503))
            with capture_logs() as logs:
                await chain.trade(5, 10)
                asked = len(proxy.requests)
                await eventually(lambda: len(proxy.requests) > asked + 20)
                proxy.rules.clear()
                await reads(following, chain)
    assert await following.tables() == await clean_tables(follow)
    said = [entry["event"] for entry in logs if entry["log_level"] == "warning"]
    assert sorted(said) == ["heads.waiting", "node.failed"]


async def test_a_block_that_is_announced_before_the_asked_node_has_it_is_read_soon(
    chain: ContractMarket, follow: Follow
) -> None:
    async with fault_proxy(chain.url) as proxy:
        following = await follow(proxy.url, sockets=[socket_of(chain.url)], poll_s=0.0)
        async with in_step(following):
            await reads(following, chain)
            behind, answers = await chain.head(), iter(range(3))

            def late(method: str, result: Any) -> Any:
                return hex(behind) if method == "eth_blockNumber" and next(answers, None) is not None else result

            proxy.distortions.append(late)
            await chain.trade(8, 1)
            await reads(following, chain)
    assert await following.tables() == await clean_tables(follow)


async def test_a_broken_announcement_is_replaced_by_questions(
    chain: ContractMarket, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "AGAIN_S", 0.2)
    line = TcpLine(chain.url)
    await line.mend()
    following = await follow(sockets=[socket_of(line.url)], poll_s=0.02)
    with capture_logs() as logs:
        async with in_step(following):
            await reads(following, chain)
            await line.cut()
            await chain.trade(6, 10)
            await reads(following, chain)
            await asyncio.sleep(1.0)  # some attempts to connect
            await line.mend()
            await chain.trade(7, 10)
            await reads(following, chain)
        await line.cut()
    assert await following.tables() == await clean_tables(follow)
    assert [entry["event"] for entry in logs].count("heads.not_announced") == 1


async def test_a_node_that_announces_nothing_counts_as_broken(
    chain: ContractMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "SILENT_S", 0.1)
    asked = asyncio.Event()

    async def newest() -> None:
        asked.set()
        await asyncio.Event().wait()

    following = Heads(newest, lambda: 0, [socket_of(chain.url)], 1.0)  # type: ignore[arg-type]
    async with aclosing(following.follow()) as found:
        await anext(found)  # the subscription itself
        waiting = asyncio.ensure_future(anext(found))
        await asyncio.wait_for(asked.wait(), 5)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

"""A long read in small pieces: each commits with the request for the next, and any of them may be killed."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.ingestor.handlers import CONSUMER
from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import IngestRequested
from shared.messaging.bus import Subscription
from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay
from shared.messaging.topology import declare_platform
from tests.e2e.command import Home
from tests.factories.contract_market import CHAIN_ID, ContractMarket
from tests.factories.fault_proxy import FaultProxy, fault_proxy
from tests.factories.waiting import eventually
from tests.integration.chain.conftest import Follow, caught_up, clean_tables

ROOT = Path(__file__).parents[3]
KILLS = 3
TOTAL_SQL = "select count(*) from market_events"


async def test_one_tick_reads_all_of_it_piece_by_piece(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(30, 60)
    await chain.mine(300)
    async with fault_proxy(chain.url) as proxy:
        following = await follow(proxy.url, budget_s=0.0, first_range=20)
        proxy.at_most(20)
        bus, clock, seen = MemoryBus(SystemClock()), SystemClock(), list[Envelope]()

        async def handle(message: Envelope) -> None:
            seen.append(message)
            await following.ingestor.on_ingest_requested(message)

        await bus.subscribe(Subscription(CONSUMER, (IngestRequested,), handle))
        await declare_platform(bus)
        for _ in range(2):  # a second tick while the first one's pieces are still being read adds no pieces
            tick = IngestRequested(slot=clock.now())
            await bus.publish(Envelope.wrap(tick, source="test", time=clock.now()))
        relay = Relay(following.database, bus, clock=clock)
        while await bus.run_until_idle() + await relay.run_once():
            pass
        assert await bus.dead_letters() == []
    assert await following.tables() == await clean_tables(follow)
    handled = len({message.id for message in seen})
    pieces = sum(1 for message in seen if message.source == CONSUMER)
    assert handled == len(seen), "each piece is asked for once"
    assert 3 < pieces <= 300 / 10
    # The second tick reads on itself, so that the first one's request to do so comes too late.
    assert await following.rows("select count(*) from inbox") == [(handled - 1,)]


async def test_killed_at_any_point_it_goes_on_without_gap_or_duplicate(
    chain: ContractMarket, follow: Follow, make_database: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    await chain.trade(31, 70)
    await chain.mine(150)
    clean = await caught_up(follow)
    url, chosen = await make_database(), random.Random(5)
    following = await follow(database_url=url)  # looks on
    async with fault_proxy(chain.url) as proxy:
        proxy.at_most(5)
        proxy.delay_s = 0.03
        for _ in range(KILLS):
            asked = len(proxy.requests)
            process = await home(proxy, chain, url, tmp_path).start("backfill", "--quiet")
            wanted = asked + chosen.randrange(6, 16)
            await eventually(lambda wanted=wanted: len(proxy.requests) >= wanted, within_s=60)
            await asyncio.sleep(chosen.random() * 0.1)
            assert process.returncode is None, "killed in the middle"
            process.kill()
            await process.communicate()
            events = await following.events()
            assert events == (await clean.events())[: len(events)], "no gap, no duplicate, nothing half"
        [(reached,)] = await following.rows("select block from chain_cursor")
        proxy.delay_s = 0.0
        ended = (await home(proxy, chain, url, tmp_path).run("backfill", "--quiet")).succeeded()
    assert 0 < reached < await chain.head()
    assert f"read up to block {await chain.head()}" in ended.output
    assert await following.tables() == await clean.tables()
    total = len(await following.events())
    assert await following.rows(TOTAL_SQL) == [(total,)]
    assert await following.rows("select max(seq) from market_events") == [(total,)]


def home(proxy: FaultProxy, chain: ContractMarket, database_url: str, folder: Path) -> Home:
    """Where `backfill` reads the chain through the proxy."""
    parameters = f"chain_id={CHAIN_ID}&market={chain.address}&confirmations=0&budget_s=0&in_flight=2&first_range=5"
    return Home(
        folder,
        {
            "PUNKCAST_DATABASE_URL": database_url,
            "PUNKCAST_SOURCE_URL": f"ethereum+{proxy.url}?{parameters}",
            "PUNKCAST_PRICE_URL": f"{proxy.url}no-prices-here",
            "COLUMNS": "200",
        },
    )

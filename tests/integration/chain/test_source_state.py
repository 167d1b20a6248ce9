"""What the operator sees of the source, and what a database refuses."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web

from services.ingestor.bootstrap import build_ingestor
from shared.clock import ManualClock, SystemClock
from shared.errors import ConflictError, TransientError
from shared.market.chain import FILES, MarketOrigin
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import Platform
from shared.settings import Settings
from shared.stores import source_repository
from shared.stores.market_reader import MarketReader
from tests.factories import small_market
from tests.factories.contract_market import ContractMarket
from tests.factories.database import Database
from tests.factories.fault_proxy import fault_proxy
from tests.integration.chain.conftest import Follow, caught_up

SIMULATED = MarketOrigin("simulated", "a simulated market (seed 7)")
CHAIN = MarketOrigin.of_chain(1, "0xb4")


async def test_chain_nodes_head_and_lag_are_on_record(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(61, 20)
    clock = ManualClock(await chain.newest_time() + timedelta(seconds=30))
    async with fault_proxy(chain.url) as proxy:
        following = await follow(proxy.url, confirmations=5, clock=clock)
        assert (await following.database.run(source_repository.state)).looked_at is None
        await following.catch_up()
        state = await following.database.run(source_repository.state)
        assert (state.kind, state.head, state.block) == ("chain", await chain.head(), await chain.head() - 5)
        assert state.lag_blocks == 5
        assert state.looked_at == state.read_at == clock.now()
        [node] = state.nodes
        assert (node.head, node.problem) == (await chain.head(), None)
        assert state.flags(clock.now()) == []

        proxy.rules.append(lambda _: web.Response(status=503))
        clock.move_to(clock.now() + timedelta(minutes=20))
        with pytest.raises(TransientError):
            await following.catch_up()
        state = await following.database.run(source_repository.state)
        assert state.problem is not None
        assert "HTTP 503" in state.problem
        assert state.failures == 1
        assert state.looked_at == clock.now()
        assert state.flags(clock.now()) == ["source_away", "source_stale"]
        assert (state.lag_seconds(clock.now()) or 0) > 1_200

        proxy.rules.clear()
        await following.catch_up()
        state = await following.database.run(source_repository.state)
        assert (state.problem, state.failures) == (None, 1)


@pytest.mark.parametrize(
    ("held", "next_one", "after"),
    [
        (SIMULATED, CHAIN, None),
        (CHAIN, SIMULATED, None),
        (FILES, SIMULATED, None),
        (SIMULATED, FILES, None),
        (SIMULATED, MarketOrigin("simulated", "a simulated market (seed 8)"), None),
        (FILES, CHAIN, CHAIN),
        (CHAIN, FILES, CHAIN),
        (SIMULATED, SIMULATED, SIMULATED),
    ],
)
async def test_a_database_holds_one_market(
    held: MarketOrigin, next_one: MarketOrigin, after: MarketOrigin | None, database: Database
) -> None:
    at = SystemClock().now()
    await database.run(source_repository.claim, held, at=at)
    if after is None:
        with pytest.raises(
            ConflictError, match=r"this database follows .*, not .*; correct PUNKCAST_SOURCE_URL, or use another"
        ):
            await database.run(source_repository.claim, next_one, at=at)
        after = held
    else:
        await database.run(source_repository.claim, next_one, at=at)
    state = await database.run(source_repository.state)
    assert (state.kind, state.identity) == (after.kind, after.identity)


async def test_a_chain_does_not_go_on_where_a_simulated_market_ends(
    chain: ContractMarket, follow: Follow, make_database: Callable[[], Awaitable[str]]
) -> None:
    await chain.trade(62, 5)
    url = await make_database()
    database = await Database.connect(url, max_size=2)
    source = small_market.Source()
    source.origin = SIMULATED
    clock = ManualClock(small_market.END)
    platform = Platform(Settings(), clock, database, MemoryBus(clock), None)  # type: ignore[arg-type]
    await build_ingestor(platform, source, MarketReader()).backfill()
    await database.close()
    with pytest.raises(ConflictError, match="this database follows a simulated market"):
        await caught_up(follow, database_url=url, start_block=100_000_000)

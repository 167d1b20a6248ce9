"""However it goes with the nodes, in the end there is what a clean backfill brings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from shared.clock import ManualClock
from shared.errors import ConflictError, InvalidInputError, PermanentError, TransientError
from shared.market.events import EVENT_SCHEMA
from shared.sources.ethereum.failures import NodeUnavailableError, UnusableNodeError
from shared.sources.ethereum.json_rpc import JsonRpc
from shared.sources.ethereum.node import EthereumNode
from shared.sources.ethereum.punk_traits import read_punks
from shared.stores import event_repository
from tests.factories.contract_market import CHAIN_ID, ETH, ContractMarket
from tests.factories.fault_proxy import FaultProxy, fault_proxy
from tests.integration.chain.conftest import Follow, caught_up, clean_tables
from tests.plugins.hardhat import Hardhat


async def test_a_backfill_brings_what_people_did(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(1, 100)
    await chain.mine(300)
    await chain.trade(2, 40)
    following = await caught_up(follow)
    events = await following.events()
    expected = chain.played.frame()
    columns = ("punk_id", "event_type", "price_wei", "from_address", "to_address", "sale_kind")
    assert [row[4:10] for row in events] == expected.select(columns).rows()
    accepted = [row for row in events if row[9] == "accept_bid"]
    assert len(accepted) > 5
    assert all(int(row[6]) > 0 for row in accepted)
    sales = await following.rows("select count(*) from current_sales")
    assert sales == [(expected["event_type"].to_list().count("sale"),)]
    assert await following.rows("select block from chain_cursor") == [(await chain.head(),)]
    assert await following.rows("select count(*), max(block) from chain_blocks") == [(128, await chain.head())]


async def test_refusals_rate_limits_errors_and_silence_change_nothing(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(3, 100)
    await chain.mine(300)
    async with fault_proxy(chain.url) as proxy:
        proxy.once(
            web.Response(status=429, headers={"Retry-After": "0.2"}),
            web.Response(status=500),
            web.Response(status=503, text="<html>"),
            web.Response(text="not json"),
        )
        proxy.at_most(40)
        faulty = await caught_up(follow, proxy.url)
        asked = sum(1 for body in proxy.requests if isinstance(body, dict) and body["method"] == "eth_getLogs")
    assert await faulty.tables() == await clean_tables(follow)
    assert asked > 10, "in ranges that the node accepts"


async def test_when_a_node_falls_silent_the_next_one_goes_on(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(4, 80)
    await chain.mine(200)
    clean = await caught_up(follow)
    async with fault_proxy(chain.url) as first, fault_proxy(chain.url) as second:
        first.rules.append(lambda _: web.Response(status=502) if len(first.requests) > 3 else None)
        following = await caught_up(follow, first.url, second.url)
        assert await following.tables() == await clean.tables()
        assert len(second.requests) > 3
        # And when both are gone, nothing is lost.
        second.rules.append(lambda _: web.Response(status=502))
        await chain.trade(5, 10)
        with pytest.raises(NodeUnavailableError, match="HTTP 502"):
            await following.catch_up()
        second.rules.clear()
        await following.catch_up()
    await clean.catch_up()
    assert await following.tables() == await clean.tables()


async def test_what_is_new_is_followed_as_far_as_it_is_confirmed(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(6, 60)
    clock = ManualClock(await chain.newest_time() + timedelta(hours=3))
    following = await caught_up(follow, clock=clock, confirmations=5)
    assert await following.rows("select block from chain_cursor") == [(await chain.head() - 5,)]
    assert await following.rows("select count(*) from market_events where known_at <> event_time") == [(0,)], "history"

    await chain.send([chain.claim(200, chain.accounts[0])])
    before = await following.events()
    await following.catch_up()
    assert (await following.events())[: len(before)] == before
    assert all(row[4] != 200 for row in await following.events()), "not confirmed yet"

    await chain.mine(5)
    clock = ManualClock(await chain.newest_time())
    live = await caught_up(follow, clock=clock, confirmations=5)
    [(known_at, event_time)] = await live.rows("select known_at, event_time from market_events where punk_id = 200")
    assert known_at == clock.now() > event_time, "news is known when it comes"
    await following.catch_up()
    assert await following.events() == await live.events()
    assert not (await following.catch_up())[0].stored.appended


LIES: list[tuple[str, Callable[[Any], Any]]] = [
    ("eth_getLogs", lambda logs: [log | {"blockNumber": "0xffffff"} for log in logs]),
    ("eth_getLogs", lambda logs: [log | {"address": "0x" + "1" * 40} for log in logs]),
    ("eth_getLogs", lambda logs: [log | {"removed": True} for log in logs]),
    ("eth_getLogs", lambda logs: [log | {"blockHash": "0x" + "1" * 64} for log in logs]),
    ("eth_getLogs", lambda logs: logs + [log | {"data": "0x"} for log in logs]),
    ("eth_getLogs", lambda logs: [log | {"data": "0x12"} for log in logs]),
    ("eth_getBlockByNumber", lambda block: block and block | {"parentHash": "0x" + "2" * 64}),
    ("eth_getBlockByNumber", lambda block: block and block | {"number": "0x1"}),
]


async def test_a_lying_node_is_not_believed(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(7, 20)
    async with fault_proxy(chain.url) as proxy:
        following = await caught_up(follow, proxy.url)
        before = await following.tables()
        cursor = await following.rows("select block, moved_at from chain_cursor")
        await chain.trade(8, 20)
        for method, lie in LIES:
            proxy.distortions = [lambda asked, found, m=method, lie=lie: lie(found) if asked == m else found]  # type: ignore[misc]
            with pytest.raises(TransientError):
                await following.catch_up()
            assert await following.tables() == before
            assert await following.rows("select block, moved_at from chain_cursor") == cursor
        proxy.distortions.clear()
        await following.catch_up()
    assert await following.tables() == await clean_tables(follow)


async def test_a_wrong_chain_says_what_to_set(chain: ContractMarket, follow: Follow) -> None:
    following = await follow(chain_id=1)
    with pytest.raises(UnusableNodeError, match=r"is on chain 31337, not 1: correct PUNKCAST_SOURCE_URL"):
        await following.catch_up()


async def test_an_address_without_a_contract_is_no_market(chain: ContractMarket, follow: Follow) -> None:
    following = await follow(market="0x" + "7" * 40)
    with pytest.raises(PermanentError, match="there is no contract at 0x777"):
        await following.catch_up()


async def test_a_database_follows_one_market(chain: ContractMarket, follow: Follow, fresh_database_url: str) -> None:
    await chain.trade(10, 10)
    await caught_up(follow, database_url=fresh_database_url)
    other = await follow(database_url=fresh_database_url, market=chain.accounts[0])
    with pytest.raises(ConflictError, match="this database follows the market"):
        await other.catch_up()


async def test_a_node_behind_what_was_read_is_waited_for(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(11, 30)
    async with fault_proxy(chain.url) as proxy:
        following = await caught_up(follow, proxy.url)
        before = await following.tables()
        proxy.distortions.append(lambda method, result: "0x5" if method == "eth_blockNumber" else result)
        with pytest.raises(TransientError, match=r"it is at block 5, behind block \d+ that was read already"):
            await following.catch_up()
        assert await following.tables() == before
        proxy.distortions.clear()
        await chain.trade(12, 5)
        assert (await following.catch_up())[-1].stored.appended


async def test_a_bid_older_than_the_first_block_read_is_found(chain: ContractMarket, follow: Follow) -> None:
    one, two, three = chain.accounts[:3]
    await chain.send([chain.claim(1, one), chain.bid(1, 7 * ETH, two), chain.bid(1, 9 * ETH, three)])
    await chain.mine(200)
    start = await chain.head() + 1
    await chain.send([chain.accept(1)])
    await chain.mine(200)
    following = await caught_up(follow, start_block=start)
    [sale] = await following.events()
    assert (sale[6], sale[7], sale[8], sale[9]) == (str(9 * ETH), one, three, "accept_bid")


async def test_the_punks_attributes_are_read_from_a_contract(chain: ContractMarket, hardhat: Hardhat) -> None:
    contract = await chain.deploy(hardhat.bytecode["PunkTraits"])
    rpc = JsonRpc([chain.url], chain_id=CHAIN_ID)
    punks = await read_punks(EthereumNode(rpc, chain.address), contract)
    assert punks.head(4).rows() == [
        (0, "Female", "Mid", ["Earring", "Blonde Bob", "Green Eye Shadow"]),
        (1, "Male", "Dark", ["Smile", "Mohawk"]),
        (2, "Alien", None, ["Headband"]),
        (3, "Male", "Albino", []),
    ]
    with pytest.raises(InvalidInputError, match="which is no text: is punks=0x… the right contract"):
        await read_punks(EthereumNode(rpc, chain.address), chain.accounts[0])
    await rpc.close()


async def test_a_node_goes_on_where_imported_files_end(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(13, 40)
    await chain.send([chain.claim(210, chain.accounts[0])])
    clean = await caught_up(follow)
    events = (await clean.database.run(event_repository.read_events)).select(EVENT_SCHEMA.keys())
    half = events.height // 2
    following = await follow()
    await following.database.run(event_repository.append_events, events.head(half))
    async with fault_proxy(chain.url) as proxy:
        await caught_up(follow, proxy.url, database_url=following.url)
        asked = blocks_asked(proxy)
    assert min(asked) == events["block"][half - 1], "the last block may have been imported in part"
    assert await following.tables() == await clean.tables()


def blocks_asked(proxy: FaultProxy) -> set[int]:
    """Whose headers were asked for."""
    calls = [call for body in proxy.requests for call in (body if isinstance(body, list) else [body])]
    return {int(call["params"][0], 16) for call in calls if call["method"] == "eth_getBlockByNumber"}

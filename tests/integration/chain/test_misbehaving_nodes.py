"""Nodes that answer wrongly, too little or not at all, in the ways that are known of real ones."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from shared.errors import PermanentError, TransientError
from shared.market.chain import Checkpoint
from shared.sources.ethereum.json_rpc import JsonRpc
from shared.stores.chain_comparison import differences, first_wrong_block
from shared.stores.chain_repository import MissingEventsError
from tests.factories.contract_market import CHAIN_ID, ContractMarket
from tests.factories.fault_proxy import FaultProxy, fault_proxy
from tests.integration.chain.conftest import Follow, Following, caught_up, clean_tables

Prepare = Callable[[FaultProxy], None]


def answer(body: Any, error: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": body["id"], "error": error}, status=status)


def limit(blocks: int, refuse: Callable[[Any], web.Response]) -> Prepare:
    """Larger ranges of logs are refused."""

    def rule(body: Any) -> web.Response | None:
        if isinstance(body, dict) and body["method"] == "eth_getLogs" and "fromBlock" in body["params"][0]:
            asked = body["params"][0]
            if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) >= blocks:
                return refuse(body)
        return None

    return lambda proxy: proxy.rules.append(rule)


def batches(refuse: Callable[[], web.Response]) -> Prepare:
    """Batches are refused."""
    return lambda proxy: proxy.rules.append(lambda body: refuse() if isinstance(body, list) else None)


def distorted(method: str, change: Callable[[Any], Any]) -> Prepare:
    return lambda proxy: proxy.distortions.append(lambda asked, found: change(found) if asked == method else found)


def each_refused(proxy: FaultProxy) -> None:
    error = {"code": -32000, "message": "batching is not possible here"}

    def rule(body: Any) -> web.Response | None:
        if not isinstance(body, list):
            return None
        return web.json_response([{"jsonrpc": "2.0", "id": call["id"], "error": error} for call in body])

    proxy.rules.append(rule)


def dropped() -> web.Response:
    """As good as a connection that ends before the answer."""
    return web.Response(status=200, headers={"Content-Length": "100"}, body=b"")


WORDS = (
    "ranges over 50 blocks are not supported on freetier",
    "please limit the query to at most 50 blocks",
    "maximum [from, to] blocks distance: 50",
    "Maximum allowed number of requested blocks is 50",
    "a refusal in words of tomorrow",
)
READABLE: dict[str, Prepare] = {
    **{words: limit(50, lambda body, words=words: answer(body, {"code": 35, "message": words})) for words in WORDS},
    "502 with HTML": limit(50, lambda _: web.Response(status=502, text="<html>")),
    "413 with HTML": limit(50, lambda _: web.Response(status=413, text="<html>")),
    "500 with an error": limit(50, lambda body: answer(body, {"code": -32000, "message": "query failed"}, 500)),
    "429 for size": limit(50, lambda body: answer(body, {"code": -32005, "message": "more than 10000 results"}, 429)),
    "batches: 400": batches(lambda: web.Response(status=400)),
    "batches: 500": batches(lambda: web.Response(status=500)),
    "batches: an object": batches(lambda: web.json_response({"error": {"code": -32600, "message": "no batches"}})),
    "batches: each call": each_refused,
    "batches: dropped": batches(dropped),
    "null for no logs": distorted("eth_getLogs", lambda logs: logs or None),
    "logs twice": distorted("eth_getLogs", lambda logs: logs + logs),
    "a time of zero": distorted("eth_getLogs", lambda logs: [log | {"blockTimestamp": "0x0"} for log in logs]),
    "no receipts of blocks": lambda proxy: (
        distorted("eth_getLogs", lambda logs: [])(proxy),
        proxy.rules.append(
            lambda body: (
                answer(body, {"code": -32601, "message": "the method does not exist"})
                if isinstance(body, dict) and body["method"] == "eth_getBlockReceipts"
                else None
            )
        ),
    )[0],
}


@pytest.mark.parametrize("fault", READABLE)
async def test_a_peculiar_node_is_read_completely(fault: str, chain: ContractMarket, follow: Follow) -> None:
    if "receipts" not in fault:
        await chain.trade(41, 30)
        await chain.mine(200)
    await chain.trade(42, 30)
    async with fault_proxy(chain.url) as proxy:
        READABLE[fault](proxy)
        following = await caught_up(follow, proxy.url)
    assert await following.tables() == await clean_tables(follow)


async def test_a_log_index_that_lags_behind_the_head_loses_nothing(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(43, 100)
    async with fault_proxy(chain.url) as proxy:
        proxy.distortions.append(lambda method, found: [] if method == "eth_getLogs" else found)
        following = await caught_up(follow, proxy.url)
    assert await following.tables() == await clean_tables(follow)


async def test_rows_that_break_a_rule_count_against_their_node(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(44, 30)
    async with fault_proxy(chain.url) as liar:
        liar.distortions.append(
            lambda method, logs: [log | {"data": "0x12"} for log in logs] if method == "eth_getLogs" else logs
        )
        following = await caught_up(follow, liar.url, chain.url)
    assert await following.tables() == await clean_tables(follow)


async def test_the_best_head_counts_and_a_node_of_another_chain_is_left_out(
    chain: ContractMarket, follow: Follow
) -> None:
    await chain.trade(45, 60)
    async with fault_proxy(chain.url) as stuck, fault_proxy(chain.url) as foreign:
        stuck.distortions.append(lambda method, found: "0x20" if method == "eth_blockNumber" else found)
        foreign.distortions.append(lambda method, found: "0x1" if method == "eth_chainId" else found)
        following = await caught_up(follow, stuck.url, foreign.url, chain.url)
        assert {body["method"] for body in foreign.requests} == {"eth_chainId"}
    assert await following.rows("select block from chain_cursor") == [(await chain.head(),)]
    assert await following.tables() == await clean_tables(follow)


async def test_what_a_node_left_out_is_found_when_its_blocks_are_final(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(46, 40)
    first_part = await chain.head()
    async with fault_proxy(chain.url) as proxy:
        # Nothing in the headers tells it, so only a second look can.
        proxy.distortions += [
            lambda method, found: [] if method == "eth_getLogs" else found,
            lambda method, found: (
                found and found | {"logsBloom": "0x" + "00" * 256} if method == "eth_getBlockByNumber" else found
            ),
        ]
        following = await caught_up(follow, proxy.url)
        assert await following.events() == []
        proxy.distortions.clear()
        await chain.mine(100)
        await following.catch_up()
        await following.catch_up()
        assert await following.rows("select settled >= $1 from chain_cursor", first_part) == [(True,)]
    assert await following.tables() == await clean_tables(follow)


async def test_a_node_that_is_wrong_at_the_second_look_changes_nothing(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(47, 40)
    async with fault_proxy(chain.url) as proxy:
        following = await caught_up(follow, chain.url, proxy.url)
        before = await following.tables()
        proxy.distortions.append(lambda method, found: [] if method == "eth_getLogs" else found)
        await chain.mine(100)
        await following.catch_up()
    assert await following.tables() == before
    assert await following.rows("select count(*) from market_revisions") == [(0,)]


async def test_known_events_that_a_node_leaves_out_are_an_error_and_read_again(
    chain: ContractMarket, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chain.trade(48, 40)
    await chain.mine(200)
    clean = await caught_up(follow)
    [(events,)] = await clean.rows("select count(*) from market_events where block between 1 and 30")
    known = Checkpoint(1, 30, events, "digest of the known events")
    monkeypatch.setattr("shared.sources.ethereum.source.checkpoints_of", lambda _: [known])
    following = await follow()
    with pytest.raises(MissingEventsError, match=rf"blocks 1 to 30 have {events} events.*backfill --from 1"):
        await following.catch_up()
    assert await following.events() == []


async def lost(chain: ContractMarket, follow: Follow) -> Following:
    """A database that lacks the logs of some old blocks."""
    await chain.trade(49, 60)
    await chain.mine(200)

    def without_some(method: str, found: Any) -> Any:
        if method != "eth_getLogs":
            return found
        return [log for log in found if not 20 <= int(log["blockNumber"], 16) < 30]

    async with fault_proxy(chain.url) as proxy:
        proxy.distortions.append(without_some)
        following = await caught_up(follow, proxy.url)
    return await follow(database_url=following.url)


async def test_an_audit_names_what_is_not_stored_and_a_new_read_repairs_it(
    chain: ContractMarket, follow: Follow
) -> None:
    following, clean = await lost(chain, follow), await clean_tables(follow)
    head = await chain.head()
    parts = [part async for part in differences(following.database, following.source, 0, head - 128)]
    missing = {place[0] for part in parts for place in part.missing}
    assert missing
    assert missing <= set(range(20, 30))
    assert not any(part.surplus for part in parts)
    first = await first_wrong_block(following.database, following.source, 0, head - 128)
    assert first == min(missing)
    step = await following.ingestor.backfill(again_from=first)
    assert step.stored.revision is not None
    await following.catch_up()
    assert await following.tables() == clean


@pytest.mark.parametrize("options", [{"start_block": 10_000_000}, {"market": "wrong"}])
async def test_what_cannot_be_read_is_an_error_that_names_it(
    options: dict[str, Any], chain: ContractMarket, follow: Follow, hardhat: Any
) -> None:
    await chain.trade(50, 5)
    if "market" in options:
        options = {"market": await chain.deploy(hardhat.bytecode["PunkTraits"])}
        words = rf"a contract, but not a CryptoPunksMarket, at {options['market']}"
    else:
        words = rf"newest block of the node is {await chain.head()}, but block 10000000 is the next to read"
    following = await follow(**options)
    with pytest.raises(PermanentError, match=words):
        await following.catch_up()


async def test_pruned_history_is_told_with_advice(chain: ContractMarket, follow: Follow) -> None:
    await chain.mine(200)
    async with fault_proxy(chain.url) as proxy:
        limit(0, lambda body: answer(body, {"code": 4444, "message": "pruned history unavailable"}))(proxy)
        following = await follow(proxy.url)
        with pytest.raises(PermanentError, match=r"keeps no logs that old.*full history.*punkcast import"):
            await following.catch_up()
        asked = sum(1 for body in proxy.requests if isinstance(body, dict) and body["method"] == "eth_getLogs")
    assert asked <= 4, "it is not repeated; four ranges are in flight"


async def test_stored_rows_do_not_depend_on_where_the_reading_was_cut(chain: ContractMarket, follow: Follow) -> None:
    await chain.trade(51, 120)
    start = await chain.head() // 2
    whole = await caught_up(follow, start_block=start)
    pieces = await caught_up(follow, start_block=start, budget_s=0.0, first_range=10)
    assert await pieces.tables() == await whole.tables()


async def test_a_connection_that_breaks_in_the_middle_is_an_outage(chain: ContractMarket) -> None:
    async with fault_proxy(chain.url) as proxy:
        proxy.rules.append(lambda _: web.Response(text=json.dumps({"jsonrpc": "2.0"})[:5]))
        rpc = JsonRpc([proxy.url], chain_id=CHAIN_ID, sleep=no_pause)
        with pytest.raises(TransientError, match="not JSON"):
            await rpc.newest(at_least=0)
        await rpc.close()


async def no_pause(_: float) -> None:
    pass


async def test_reorganisations_restarts_and_a_node_that_lies_at_random_end_as_a_clean_backfill_does(
    chain: ContractMarket, follow: Follow, fresh_database_url: str
) -> None:
    chosen = random.Random(11)

    def lie(method: str, found: Any) -> Any:
        if method == "eth_getLogs" and chosen.random() < 0.4:
            return chosen.choice([[], [log | {"data": "0x12"} for log in found], found[:1], found + found])
        if method == "eth_blockNumber" and chosen.random() < 0.3:
            return "0x5"
        return found

    def refuse(body: Any) -> web.Response | None:
        return web.Response(status=chosen.choice([429, 500, 502, 503])) if chosen.random() < 0.1 else None

    async with fault_proxy(chain.url) as liar:
        liar.distortions.append(lie)
        liar.rules.append(refuse)
        await chain.trade(81, 30)
        for step in range(8):
            # Each time with new objects, as after a kill.
            process = await follow(liar.url, chain.url, database_url=fresh_database_url)
            await process.catch_up()
            snapshot = await chain.snapshot()
            await chain.trade(90 + step, 8)
            await process.catch_up()
            if step % 2:
                await chain.revert(snapshot)
                await chain.trade(110 + step, 10)
    following = await caught_up(follow, database_url=fresh_database_url)
    assert await following.rows("select count(*) > 2 from market_revisions") == [(True,)]
    assert await following.tables() == await clean_tables(follow)

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.errors import TransientError
from shared.market.chain import KEPT_BLOCKS, BlockRef, Located
from shared.sources.ethereum.contract import PUNK_OFFERED
from shared.sources.ethereum.json_rpc import JsonRpc, Patience
from shared.sources.ethereum.node import EthereumNode
from shared.sources.ethereum.ranges import Span
from shared.sources.ethereum.scanning import ChainMovedError, Scanner
from tests.factories.fake_chain import GENESIS_TIME, MARKET, FakeChain, FakeNode, transport

OFFERED = [PUNK_OFFERED.topic, f"0x{7:064x}", f"0x{0:064x}"]
PRICE = f"0x{10**18:064x}"
GET_BLOCK = "eth_getBlockByNumber"


@asynccontextmanager
async def scanner(node: FakeNode, *, budget_s: float = 60.0, first_range: int = 100) -> AsyncIterator[Scanner]:
    patience = Patience(rounds=2, first_pause_s=0.0, longest_pause_s=0.0)
    rpc = JsonRpc(["http://node/"], chain_id=1, patience=patience, transport=transport(node=node))
    yield Scanner(EthereumNode(rpc, MARKET), in_flight=3, budget_s=budget_s, span=Span(blocks=first_range))
    await rpc.close()


def market(head: int = 1_000) -> FakeNode:
    chain = FakeChain(head=head)
    for block in (3, 40, 41, 700, head - 90, head - 1):
        chain.log(block, *OFFERED, data=PRICE)
        chain.log(block, *OFFERED, data=PRICE)
    return FakeNode(chain)


def located(node: FakeNode, after: int = -1, *, confirmations: int = 0) -> Located:
    ancestor = BlockRef(after, node.chain.hash(after)) if after >= 0 else after
    return Located(ancestor, orphaned=False, target=node.head - confirmations, head=node.head)


async def test_everything_is_read_with_the_times_of_its_blocks_and_the_last_blocks_are_kept() -> None:
    node = market()
    async with scanner(node) as reading:
        found = await reading.scan(located(node))
    assert [int(row["blockNumber"], 16) for row in found.rows] == [b for b in (3, 40, 41, 700, 910, 999) for _ in "12"]
    with_logs = {int(row["blockNumber"], 16) for row in found.rows}
    assert all(found.times[block] == GENESIS_TIME + 12 * block for block in with_logs)
    assert found.complete
    assert found.cursor.block == 1_000
    assert found.cursor.recent == tuple(BlockRef(n, node.chain.hash(n)) for n in range(1_001 - KEPT_BLOCKS, 1_001))


async def test_confirmations_hold_back_and_what_is_new_is_asked_block_by_block() -> None:
    node = market()
    async with scanner(node) as reading:
        found = await reading.scan(located(node, 990, confirmations=6))
    assert (found.cursor.block, found.complete, found.rows) == (994, True, [])
    asked = [given[0] for method, given in node.asked if method == "eth_getLogs"]
    assert [one.get("blockHash") for one in asked] == [node.chain.hash(block) for block in range(991, 995)]


async def test_a_logs_own_time_saves_asking_for_its_block() -> None:
    node = market()
    node.faults.append(lambda method, given: _timed(node, given) if method == "eth_getLogs" else None)
    async with scanner(node) as reading:
        found = await reading.scan(located(node))
    asked = {int(given[0], 16) for method, given in node.asked if method == GET_BLOCK}
    assert not asked & {3, 40, 41, 700}
    assert found.rows[0]["blockTimestamp"] == hex(GENESIS_TIME + 36)
    assert "blockTimestamp" not in found.rows[-1], "of a block that may be replaced the header's time counts"


async def test_a_scan_that_takes_long_ends_with_what_it_has() -> None:
    node = market()
    async with scanner(node, budget_s=0.0, first_range=50) as reading:
        found = await reading.scan(located(node))
        assert (found.cursor.block, found.complete) == (49, False)
        assert found.cursor.recent == (BlockRef(49, node.chain.hash(49)),)
        following = await reading.scan(located(node, 49))
    assert following.cursor.block > 49
    assert len(found.rows) == 6


@pytest.mark.parametrize(
    ("number", "header", "words"),
    [
        (950, {"parentHash": "0x" + "d" * 64}, "block 950 does not follow the block before it"),
        (40, {"hash": "0x" + "f" * 64}, "block 40 was replaced while its logs were read"),
    ],
)
async def test_a_block_of_another_history_is_not_taken(number: int, header: dict[str, str], words: str) -> None:
    node = market()
    other = node.chain.block(number) | header
    node.faults.append(lambda method, given: other if (method, given[:1]) == (GET_BLOCK, [hex(number)]) else None)
    async with scanner(node) as reading:
        with pytest.raises(ChainMovedError, match=words):
            await reading.scan(located(node))


async def test_the_first_new_block_must_follow_the_last_one_read() -> None:
    last_read = Located(BlockRef(995, "0x" + "e" * 64), orphaned=False, target=1_000, head=1_000)
    async with scanner(market()) as reading:
        with pytest.raises(ChainMovedError, match="block 996 does not follow"):
            await reading.scan(last_read)


async def test_a_block_that_vanishes_before_its_logs_are_read_is_an_error() -> None:
    node = market()

    def fork(method: str, _: list[Any]) -> Any:
        if method == "eth_getLogs":
            node.chain.forks[950] = "another"
        return None

    node.faults.append(fork)
    async with scanner(node) as reading:
        with pytest.raises(TransientError, match="unknown block"):
            await reading.scan(located(node, 940))


def _timed(node: FakeNode, given: list[Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = node._logs(given[0])
    return [row | {"blockTimestamp": hex(GENESIS_TIME + 12 * int(row["blockNumber"], 16))} for row in rows]

"""The market on an Ethereum chain, followed block by block over JSON-RPC."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from shared.errors import PermanentError
from shared.market.chain import (
    BlockRef,
    ChainIdentity,
    Checkpoint,
    Cursor,
    Located,
    MarketOrigin,
    NodeState,
    Place,
    Scan,
)
from shared.market.reference_data import packaged_punks
from shared.sources.ethereum import punk_traits
from shared.sources.ethereum.answers import quantity
from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.checkpoints import checkpoints_of
from shared.sources.ethereum.contract import FIRST_BLOCK, MARKET_ADDRESS, PUNK_BID_ENTERED
from shared.sources.ethereum.decoder import MissingBidsError, decode
from shared.sources.ethereum.heads import Heads
from shared.sources.ethereum.json_rpc import JsonRpc
from shared.sources.ethereum.node import MARKET_TOPICS, EthereumNode
from shared.sources.ethereum.ranges import Span, in_order
from shared.sources.ethereum.raw_logs import raw_logs
from shared.sources.ethereum.scanning import Scanner
from shared.sources.event_files import read_punks_file
from shared.sources.price_source import PriceSource

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EthereumMarket:
    """A market and the way of following it; docs/market.md explains the defaults.

    Attributes:
        confirmations: number of blocks above the last block that is read.
        start_block: first block of the first read.
        contract_block: first block of a search for bids older than `start_block`.
        punks: source of the punks' attributes: address of a contract, or a file; None for the packaged ones.
        in_flight: requests at the same time.
        first_range: blocks per request at first; then the size follows the answers of the nodes.
        budget_s: seconds after which a scan ends, and its events are stored.
        poll_s: seconds between two questions for the newest block, if no node announces it; 0 asks never.
    """

    chain_id: int = 1
    market: str = MARKET_ADDRESS
    confirmations: int = 0
    start_block: int = FIRST_BLOCK
    contract_block: int = FIRST_BLOCK
    punks: str | None = None
    in_flight: int = 4
    first_range: int = 2_000
    budget_s: float = 20.0
    poll_s: float = 4.0


class EthereumSource:
    """A `BlockSource` over one or several nodes. The caller closes it.

    `sockets`: ws:// and wss:// URLs of nodes that announce new blocks.
    """

    def __init__(
        self, rpc: JsonRpc, market: EthereumMarket, prices: PriceSource, *, sockets: Sequence[str] = ()
    ) -> None:
        self._rpc = rpc
        self._sockets = sockets
        self._market = market
        self._node = EthereumNode(rpc, market.market)
        self._prices = prices
        self._scanner = Scanner(
            self._node, in_flight=market.in_flight, budget_s=market.budget_s, span=Span(blocks=market.first_range)
        )
        self._contract_seen = False
        self._head = -1

    @property
    def identity(self) -> ChainIdentity:
        return ChainIdentity(self._market.chain_id, self._market.market)

    @property
    def origin(self) -> MarketOrigin:
        return MarketOrigin.of_chain(self._market.chain_id, self._market.market)

    @property
    def nodes(self) -> Sequence[NodeState]:
        """The nodes as their last requests showed them."""
        return [
            NodeState(
                name=node.name,
                head=node.head if node.head >= 0 else None,
                failures=node.failures,
                problem=node.excluded or node.last_error,
            )
            for node in self._rpc.nodes
        ]

    @property
    def start_block(self) -> int:
        return self._market.start_block

    @property
    def checkpoints(self) -> Sequence[Checkpoint]:
        return checkpoints_of(self.identity)

    async def close(self) -> None:
        await self._rpc.close()
        await self._prices.close()

    async def locate(self, cursor: Cursor) -> Located:
        """The position of the cursor on the current chain.

        Raises:
            NodeUnavailableError: no node answers, or all are behind the cursor.
            UnusableNodeError: a node is on another chain.
            PermanentError: the address is not the market's, the cursor is beyond the newest block, or no block hash of
                the cursor is on the chain.
        """
        if not self._contract_seen:
            await self._node.require_contract()
            self._contract_seen = True
        newest = await self._node.head(at_least=cursor.block if cursor.recent else 0)
        self._head = newest.number
        if newest.number < cursor.block:
            raise PermanentError(
                f"the newest block of the node is {newest.number}, but block {cursor.block + 1} is the next to read: "
                "the events in this database are of another chain, or start_block in PUNKCAST_SOURCE_URL is wrong"
            )
        target = newest.number - self._market.confirmations
        ancestor: BlockRef | int = cursor.block
        orphaned = False
        if cursor.recent:
            ancestor = cursor.recent[-1]
            [header] = await self._node.headers([ancestor.number])
            if orphaned := header.hash != ancestor.hash:
                ancestor = await self._common_ancestor(cursor.recent)
        return Located(ancestor, orphaned=orphaned, target=target, head=newest.number, head_time=newest.time)

    def heads(self) -> AsyncGenerator[None]:
        """Yields at the start and whenever the newest block may be another one, through outages of the nodes."""
        newest = partial(self._node.head, at_least=0)
        return Heads(newest, lambda: self._head, self._sockets, self._market.poll_s).follow()

    async def scan(self, located: Located, bids: StandingBids) -> Scan:
        """The events after `located`. `bids`: standing bids there, updated after a success.

        Raises:
            TransientError: the nodes do not answer, or their answers contradict each other.
            InvalidInputError: a log that the contract cannot have emitted.
            MissingBidsError: an accepted bid that was never entered.
        """
        scanned = await self._scanner.scan(located)
        where = f"blocks {located.block + 1} to {scanned.cursor.block} of chain {self._market.chain_id}"
        logs = raw_logs(scanned.rows, where, scanned.times)
        try:
            events = decode(logs, bids, market=self._market.market)
        except MissingBidsError as error:
            await self._place_older_bids(sorted({bid.punk_id for bid in error.missing}), located.block, bids)
            events = decode(logs, bids, market=self._market.market)
        return Scan(events, scanned.cursor, scanned.complete, scanned.time)

    async def places_between(self, first: int, last: int) -> AsyncGenerator[tuple[int, set[Place]]]:
        """The places of the events in final blocks `first` to `last`, read again: the last block of each part, and its
        places. Another node than usual is asked, where there is one.
        """
        fetch = partial(self._node.logs_between, elsewhere=True)
        parts = in_order(first, last, fetch, span=self._scanner.span, in_flight=self._market.in_flight)
        async with aclosing(parts):
            async for part in parts:
                yield part.last, _places(part.items)

    async def proven_places(self, block: int) -> set[Place]:
        """The places of the events in one block, which its receipts prove. Raises as the nodes do."""
        [header] = await self._node.headers([block])
        return _places(await self._node.proven_logs(header))

    async def punks(self) -> pl.DataFrame:
        """The 10,000 punks (`PUNK_SCHEMA`): the packaged ones, or those of a contract or a file."""
        if self._market.punks is None:
            return packaged_punks()
        if self._market.punks.startswith("0x"):
            return await punk_traits.read_punks(self._node, self._market.punks)
        return read_punks_file(Path(self._market.punks))

    async def eth_usd(self, after: date | None, until: date) -> pl.DataFrame:
        """ETH/USD closes (`ETH_USD_SCHEMA`) of the days after `after`, up to and including `until`."""
        return await self._prices.closes(after, until)

    async def _common_ancestor(self, recent: Sequence[BlockRef]) -> BlockRef:
        headers = await self._node.headers([block.number for block in recent])
        kept = [block for block, header in zip(recent, headers, strict=True) if block.hash == header.hash]
        if not kept:
            raise PermanentError(
                f"none of the blocks {recent[0].number} to {recent[-1].number} is part of the chain any more, and "
                "hashes of earlier blocks are not kept: compare the node with another one, or use an empty database"
            )
        return kept[-1]

    async def _place_older_bids(self, punks: Sequence[int], last_block: int, bids: StandingBids) -> None:
        """Find the bids on these punks that stood after `last_block`, all of which are accepted later.

        An accepted bid stands, so it is the last bid entered before. Withdrawals and sales need not be read.
        """
        first = self._market.contract_block
        log.info("bids.older", punks=list(punks), first=first, last=last_block)
        topics = ((PUNK_BID_ENTERED.topic,), tuple(f"0x{punk:064x}" for punk in punks))

        async def fetch(begin: int, end: int) -> list[dict[str, Any]]:
            return await self._node.logs_between(begin, end, topics)

        rows: list[dict[str, Any]] = []
        async for part in in_order(
            first, last_block, fetch, span=Span(blocks=10_000), in_flight=self._market.in_flight
        ):
            rows += part.items
        logs = raw_logs(rows, f"bids before block {last_block + 1}", await self._scanner.times(rows))
        events = decode(logs, StandingBids(), market=self._market.market)
        for punk, bidder, price in events.select("punk_id", "from_address", "price_wei").iter_rows():
            bids.place(punk, bidder, price)


def _places(rows: Sequence[dict[str, Any]]) -> set[Place]:
    """The places of the logs that are events."""
    return {
        (
            quantity(row["blockNumber"], "a log's block"),
            quantity(row["logIndex"], "a log's index"),
            row["transactionHash"].lower(),
        )
        for row in rows
        if row["topics"][0].lower() in MARKET_TOPICS
    }

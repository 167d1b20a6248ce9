"""Requests about one contract, over JSON-RPC."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from eth_bloom.bloom import BloomFilter

from shared.contracts.messages import EARLIEST_INSTANT
from shared.errors import InvalidInputError, PermanentError
from shared.market.chain import ChainIdentity
from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import Header, LogFilter, MalformedAnswerError
from shared.sources.ethereum.checkpoints import FIRST_ASSIGN, checkpoints_of
from shared.sources.ethereum.contract import LAYOUTS, PUNK_BOUGHT, PUNK_OFFERED, TRANSFER
from shared.sources.ethereum.decoder import market_logs
from shared.sources.ethereum.failures import (
    AwayError,
    NodeUnavailableError,
    PrunedHistoryError,
    UnusableNodeError,
)
from shared.sources.ethereum.json_rpc import Call, JsonRpc, header_call
from shared.sources.ethereum.raw_logs import raw_logs

MARKET_TOPICS: Final = tuple(layout.topic for layout in LAYOUTS if layout is not TRANSFER)
"""First topics of logs that are events. Many contracts emit `Transfer`, so its topic says nothing in a bloom filter."""

NULLS_BELIEVED: Final = 3
"""An answer of null, as often as this, means no logs."""

log = structlog.get_logger(__name__)


class EthereumNode:
    """One contract on one chain."""

    def __init__(self, rpc: JsonRpc, contract: str) -> None:
        self._rpc = rpc
        self._contract = contract
        known = checkpoints_of(ChainIdentity(rpc.chain_id, contract))
        self._history_until = known[-1].last if known else -1

    async def head(self, *, at_least: int) -> Header:
        """The newest block. Raises as `JsonRpc.newest` does."""
        return await self._rpc.newest(at_least=at_least)

    async def require_contract(self) -> None:
        """Check the address: of another contract, a node would always answer with no logs.

        Raises:
            PermanentError: there is no contract at the address, or one that cannot emit the market's logs.
        """
        call = Call("eth_getCode", [self._contract, "latest"], lambda value: answers.data(value, "the contract's code"))
        code = await self._rpc.ask(call)
        # The code of a contract has the topics of the logs that it emits.
        if not all(layout.topic[2:] in code for layout in (PUNK_OFFERED, PUNK_BOUGHT)):
            what = "no contract" if code == "0x" else "a contract, but not a CryptoPunksMarket,"
            raise PermanentError(
                f"there is {what} at {self._contract} on this chain; correct market=0x… or chain_id=… in "
                "PUNKCAST_SOURCE_URL"
            )

    async def headers(self, numbers: Iterable[int]) -> list[Header]:
        """The headers of these blocks, in their order."""
        return await self._rpc.ask_all([header_call(number) for number in numbers])

    async def logs_between(
        self, first: int, last: int, topics: tuple[tuple[str, ...] | None, ...] = (), *, elsewhere: bool = False
    ) -> list[dict[str, Any]]:
        """The contract's logs in blocks `first` to `last`, both inclusive, in contract order.

        Args:
            elsewhere: asks another node than usual, where there is one.

        Raises:
            TooMuchAtOnceError: the range is too large for the node.
            PrunedHistoryError: no node has logs that old.
        """
        call = _logs_call(LogFilter(self._contract, first, last, topics=topics), divisible=True)
        proof = self._proof_of_history() if first <= self._history_until else None
        return await self._rpc.ask(replace(call, proof=proof, elsewhere=elsewhere))

    def _proof_of_history(self) -> Call[None]:
        """A node without old logs often answers with none, as if there were none."""

        def read(value: Any) -> None:
            if not value:
                raise PrunedHistoryError(
                    f"it has no logs of block {FIRST_ASSIGN}, where the first punks were assigned, so it lacks old "
                    "logs; take a provider with the full history, or `punkcast import` the earlier events first"
                )

        wanted = LogFilter(self._contract, FIRST_ASSIGN, FIRST_ASSIGN)
        return Call("eth_getLogs", [wanted.parameter()], read)

    async def logs_of(self, headers: Sequence[Header]) -> list[dict[str, Any]]:
        """The contract's logs in exactly these blocks: a request by hash excludes other forks and missing blocks.

        A node whose index of logs is behind its blocks answers with none. So where a header's bloom filter may contain
        more than the answer has, the logs come from the receipts of the block, which the filter proves to be complete.
        """
        filters = [LogFilter(self._contract, block.number, block.number, block_hash=block.hash) for block in headers]
        parts = await self._rpc.ask_all([_logs_call(wanted, divisible=False) for wanted in filters])
        rows: list[dict[str, Any]] = []
        for block, part in zip(headers, parts, strict=True):
            complete = part
            if self._may_lack(block, part):
                complete = await self.proven_logs(block)
                if len(complete) != len(part):
                    log.warning("node.omitted_logs", block=block.number, answered=len(part), are=len(complete))
            rows += complete
        return rows

    def _may_lack(self, block: Header, rows: Sequence[dict[str, Any]]) -> bool:
        if block.bloom is None:
            return False
        bloom = BloomFilter(block.bloom)
        if bytes.fromhex(self._contract[2:]) not in bloom:
            return False
        there = {topic.lower() for row in rows for topic in row["topics"][:1]}
        return any(topic not in there and bytes.fromhex(topic[2:]) in bloom for topic in MARKET_TOPICS)

    async def proven_logs(self, block: Header) -> list[dict[str, Any]]:
        """The contract's logs in this block, from its receipts, which its bloom filter proves to be complete.

        Raises:
            NodeUnavailableError: no node has the receipts.
        """
        wanted = LogFilter(self._contract, block.number, block.number, block_hash=block.hash)

        def read(value: Any) -> list[dict[str, Any]]:
            everything = answers.receipts(value, block)
            return _checked([row for row in everything if _is_of(row, self._contract)], wanted)

        try:
            return await self._rpc.ask(
                Call("eth_getBlockReceipts", [hex(block.number)], read, needs_block=block.number)
            )
        except (UnusableNodeError, NodeUnavailableError):
            calls = [Call("eth_getTransactionReceipt", [hash_], _receipt) for hash_ in block.transactions]
            singly = await self._rpc.ask_all(calls)
        try:
            return read(singly)
        except MalformedAnswerError as error:
            raise NodeUnavailableError(str(error)) from error

    async def read(self, contract: str, calldata: Sequence[str]) -> list[str]:
        """The contract's result of each call, as hexadecimal data."""

        def read(value: Any) -> str:
            return answers.data(value, "a contract's answer")

        return await self._rpc.ask_all(
            [Call("eth_call", [{"to": contract, "data": data}, "latest"], read) for data in calldata]
        )


def _logs_call(wanted: LogFilter, *, divisible: bool) -> Call[list[dict[str, Any]]]:
    nulls = 0

    def read(value: Any) -> list[dict[str, Any]]:
        nonlocal nulls
        if value is None:
            # Some nodes send null for "no logs", others when something went wrong: it counts if it is repeated.
            nulls += 1
            if nulls < NULLS_BELIEVED:
                raise AwayError("it answers null instead of logs")
        return _checked([] if value is None else value, wanted)

    return Call("eth_getLogs", [wanted.parameter()], read, divisible=divisible, needs_block=wanted.last)


def _checked(value: Any, wanted: LogFilter) -> list[dict[str, Any]]:
    """The logs, after all rules of the contract's logs hold, so that a broken rule counts against the node."""
    rows = answers.logs(value, wanted)
    where, checked = "its logs", rows
    times: dict[int, int] | None = None
    if not all("blockTimestamp" in row for row in rows):
        # The times come later, from the headers.
        checked = [answers.without_time(row) for row in rows]
        earliest = int(EARLIEST_INSTANT.timestamp())
        times = {answers.quantity(row["blockNumber"], "a log's block"): earliest for row in rows}
    try:
        market_logs(raw_logs(checked, where, times), where, market=wanted.address)
    except InvalidInputError as error:
        raise MalformedAnswerError(str(error)) from error
    return rows


def _is_of(row: Any, contract: str) -> bool:
    return isinstance(row, dict) and str(row.get("address")).lower() == contract


def _receipt(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedAnswerError("a receipt is not there")
    return value

"""Requests about one contract, over JSON-RPC."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.errors import PermanentError
from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import Header, LogFilter
from shared.sources.ethereum.failures import RefusedError
from shared.sources.ethereum.json_rpc import Call, JsonRpc


class EthereumNode:
    """One contract on one chain."""

    def __init__(self, rpc: JsonRpc, contract: str) -> None:
        self._rpc = rpc
        self._contract = contract

    async def head(self, *, at_least: int) -> int:
        """The newest block.

        Raises:
            NodeUnavailableError: no node has reached `at_least` yet.
        """

        def read(value: Any) -> int:
            head = answers.quantity(value, "the newest block")
            if head < at_least:
                raise RefusedError(f"it is at block {head}, behind block {at_least} that was read already")
            return head

        return await self._rpc.ask(Call("eth_blockNumber", [], read))

    async def require_contract(self) -> None:
        """Check the address: without a contract, a node would always answer with no logs.

        Raises:
            PermanentError: there is no contract at the address.
        """
        call = Call("eth_getCode", [self._contract, "latest"], lambda value: answers.data(value, "the contract's code"))
        if await self._rpc.ask(call) == "0x":
            raise PermanentError(
                f"there is no contract at {self._contract} on this chain; say market=0x… or chain_id=… in "
                "PUNKCAST_SOURCE_URL"
            )

    async def headers(self, numbers: Iterable[int]) -> list[Header]:
        """The headers of these blocks, in their order."""
        return await self._rpc.ask_all([_header_call(number) for number in numbers])

    async def logs_between(
        self, first: int, last: int, topics: tuple[tuple[str, ...] | None, ...] = ()
    ) -> list[dict[str, Any]]:
        """The contract's logs in blocks `first` to `last`, both inclusive, in contract order.

        Raises:
            TooMuchAtOnceError: the range is too large for the node.
        """
        return await self._rpc.ask(_logs_call(LogFilter(self._contract, first, last, topics=topics), divisible=True))

    async def logs_of(self, headers: Sequence[Header]) -> list[dict[str, Any]]:
        """The contract's logs in exactly these blocks: a request by hash excludes other forks and missing blocks."""
        filters = (LogFilter(self._contract, block.number, block.number, block_hash=block.hash) for block in headers)
        parts = await self._rpc.ask_all([_logs_call(wanted, divisible=False) for wanted in filters])
        return [log for part in parts for log in part]

    async def read(self, contract: str, calldata: Sequence[str]) -> list[str]:
        """The contract's result of each call, as hexadecimal data."""

        def read(value: Any) -> str:
            return answers.data(value, "a contract's answer")

        return await self._rpc.ask_all(
            [Call("eth_call", [{"to": contract, "data": data}, "latest"], read) for data in calldata]
        )


def _header_call(number: int) -> Call[Header]:
    def read(value: Any) -> Header:
        return answers.header(value, number)

    return Call("eth_getBlockByNumber", [hex(number), False], read, needs_block=number)


def _logs_call(wanted: LogFilter, *, divisible: bool) -> Call[list[dict[str, Any]]]:
    def read(value: Any) -> list[dict[str, Any]]:
        return answers.logs(value, wanted)

    return Call("eth_getLogs", [wanted.parameter()], read, divisible=divisible, needs_block=wanted.last)

"""The questions that following a contract takes, over JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shared.errors import PermanentError
from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import Header, LogsAsked
from shared.sources.ethereum.failures import RefusedError
from shared.sources.ethereum.json_rpc import Call, JsonRpc


class EthereumNode:
    """One contract on one chain, as the nodes of `rpc` know it."""

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
        """Without one a node answers every question for logs with none, for ever.

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
            TooMuchAtOnceError: the range is more than the node gives at once.
        """
        asked = LogsAsked(self._contract, first, last, topics=topics)
        return await self._rpc.ask(_logs_call(asked, divisible=True))

    async def logs_of(self, headers: Sequence[Header]) -> list[dict[str, Any]]:
        """The contract's logs in exactly these blocks: asked by hash, a node cannot mean others, or have none yet."""
        calls = [
            _logs_call(LogsAsked(self._contract, one.number, one.number, block_hash=one.hash), divisible=False)
            for one in headers
        ]
        return [log for found in await self._rpc.ask_all(calls) for log in found]

    async def read(self, contract: str, calldata: Sequence[str]) -> list[str]:
        """What the contract returns to each of these calls, as hexadecimal data."""
        return await self._rpc.ask_all(
            [
                Call(
                    "eth_call",
                    [{"to": contract, "data": data}, "latest"],
                    lambda value: answers.data(value, "a contract's answer"),
                )
                for data in calldata
            ]
        )


def _header_call(number: int) -> Call[Header]:
    return Call(
        "eth_getBlockByNumber",
        [hex(number), False],
        lambda value: answers.header(value, number),
        needs_block=number,
    )


def _logs_call(asked: LogsAsked, *, divisible: bool) -> Call[list[dict[str, Any]]]:
    return Call(
        "eth_getLogs",
        [asked.parameter()],
        lambda value: answers.logs(value, asked),
        divisible=divisible,
        needs_block=asked.last,
    )

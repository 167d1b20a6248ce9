"""A small chain of blocks in memory with a JSON-RPC node in front of it that can be made to misbehave.

For what is hard to make a real node do, and for many quick cases; the contract tests use a real one.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.sources.ethereum.contract import PUNK_BOUGHT, PUNK_OFFERED

MARKET = "0x" + "b4" * 20
GENESIS_TIME = 1_700_000_000
Fault = Callable[[str, list[Any]], Any]
"""Gets method and parameters; returns an answer to give instead, or None."""


@dataclass(frozen=True)
class RpcError:
    """An error object instead of a result."""

    message: str
    code: int = -32000


@dataclass
class FakeChain:
    """Blocks 0 to `head`; `logs` holds the market's logs by block, as (topics, data)."""

    head: int = 0
    logs: dict[int, list[tuple[list[str], str]]] = field(default_factory=dict)
    forks: dict[int, str] = field(default_factory=dict)
    """From which block on the chain is which other history."""

    def log(self, block: int, *topics: str, data: str = "0x") -> None:
        self.logs.setdefault(block, []).append((list(topics), data))

    def hash(self, block: int) -> str:
        history = "".join(name for first, name in sorted(self.forks.items()) if first <= block)
        return "0x" + hashlib.sha256(f"{block}{history}".encode()).hexdigest()

    def block(self, number: int) -> dict[str, Any] | None:
        if number > self.head:
            return None
        return {
            "number": hex(number),
            "hash": self.hash(number),
            "parentHash": self.hash(number - 1) if number else "0x" + "0" * 64,
            "timestamp": hex(GENESIS_TIME + 12 * number),
        }

    def logs_of(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "address": MARKET,
                "blockNumber": hex(number),
                "blockHash": self.hash(number),
                "transactionHash": "0x" + hashlib.sha256(f"tx{number}".encode()).hexdigest(),
                "transactionIndex": "0x0",
                "logIndex": hex(index),
                "topics": topics,
                "data": data,
                "removed": False,
            }
            for index, (topics, data) in enumerate(self.logs.get(number, []))
        ]


@dataclass
class FakeNode:
    """One node on a chain. `asked` records every call; `faults` are asked first, the first answer counts."""

    chain: FakeChain
    chain_id: int = 1
    behind: int = 0
    refusal_of_batches: httpx.Response | None = None
    answers_at_most: int | None = None
    """Number of calls of a batch that it answers."""
    faults: list[Fault] = field(default_factory=list)
    statuses: list[httpx.Response] = field(default_factory=list)
    """Answers to give to the next requests as they are."""
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    requests: int = 0
    pause_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    @property
    def head(self) -> int:
        return self.chain.head - self.behind

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.pause_s)
            if self.statuses:
                return self.statuses.pop(0)
            body = json.loads(request.content)
            if isinstance(body, list):
                answered = body[: self.answers_at_most]
                return self.refusal_of_batches or httpx.Response(200, json=[self._answer(one) for one in answered])
            return httpx.Response(200, json=self._answer(body))
        finally:
            self.at_once -= 1

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        method, parameters = call["method"], call["params"]
        self.asked.append((method, parameters))
        result = next((found for fault in self.faults if (found := fault(method, parameters)) is not None), None)
        if result is None:
            result = self._result(method, parameters)
        if isinstance(result, RpcError):
            error = {"code": result.code, "message": result.message}
            return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        return {"jsonrpc": "2.0", "id": call["id"], "result": result}

    def _result(self, method: str, parameters: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getCode":
                return "0x" + PUNK_OFFERED.topic[2:] + PUNK_BOUGHT.topic[2:]
            case "eth_getBlockByNumber":
                number = int(parameters[0], 16)
                return self.chain.block(number) if number <= self.head else None
            case "eth_getLogs":
                return self._logs(parameters[0])
        return RpcError(f"the method {method} does not exist", code=-32601)

    def _logs(self, asked: dict[str, Any]) -> Any:
        if "blockHash" in asked:
            blocks = [n for n in range(self.head + 1) if self.chain.hash(n) == asked["blockHash"]]
            if not blocks:
                return RpcError("unknown block")
        else:
            # As real ones do: what lies beyond the head is silently left out.
            blocks = list(range(int(asked["fromBlock"], 16), min(int(asked["toBlock"], 16), self.head) + 1))
        wanted = asked.get("topics", [])
        return [
            log
            for block in blocks
            for log in self.chain.logs_of(block)
            if all(
                one is None or (place < len(log["topics"]) and log["topics"][place] in one)
                for place, one in enumerate(wanted)
            )
        ]


def transport(**nodes: FakeNode) -> httpx.MockTransport:
    """HTTP to these nodes by host name: `transport(first=node)` is `http://first/`."""

    async def handle(request: httpx.Request) -> httpx.Response:
        return await nodes[request.url.host].handle(request)

    return httpx.MockTransport(handle)

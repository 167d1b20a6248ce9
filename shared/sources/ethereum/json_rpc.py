"""JSON-RPC over HTTP to one or several nodes: fail-over, retries with backoff and jitter, batches, few in flight."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

import httpx
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shared.errors import TransientError
from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import MalformedAnswerError
from shared.sources.ethereum.endpoints import Endpoint, in_order, silence_s
from shared.sources.ethereum.failures import (
    NodeUnavailableError,
    RefusedError,
    TooMuchAtOnceError,
    UnusableNodeError,
    http_error,
    rpc_error,
)

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call and how its answer is read; what `read` refuses counts as a failure of the node.

    Args:
        divisible: it could be asked for in smaller parts, so a time-out or a refusal for size is
            `TooMuchAtOnceError` and not tried again as it is.
        needs_block: only nodes that have this block are asked. A node behind it would not say so, but answer
            with less.
    """

    method: str
    params: Sequence[Any]
    read: Callable[[Any], T]
    divisible: bool = False
    needs_block: int = -1


@dataclass(frozen=True)
class Patience:
    """Rounds through all nodes before giving up, and the longest random pause between two, seconds."""

    rounds: int = 6
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    request_s: float = 30.0


@dataclass
class JsonRpc:
    """Asks `urls` in the order given, for the chain `chain_id`. Close it when it is no longer needed."""

    urls: Sequence[str]
    chain_id: int
    in_flight: int = 4
    patience: Patience = field(default_factory=Patience)
    transport: httpx.AsyncBaseTransport | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._endpoints = [Endpoint(url) for url in self.urls]
        self._slots = asyncio.Semaphore(self.in_flight)
        self._ids = count(1)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(self.patience.request_s, connect=min(10.0, self.patience.request_s)),
            transport=self.transport,
            limits=httpx.Limits(max_connections=self.in_flight + 1),
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, call: Call[T]) -> T:
        """The answer of the first node that gives a usable one.

        Raises:
            NodeUnavailableError: none does, however often they were asked.
            TooMuchAtOnceError: a divisible call is too large.
            UnusableNodeError: a node is on another chain, or none accepts our requests at all.
        """
        [answer] = await self._patiently([call], self._single)
        return answer

    async def ask_all(self, calls: Sequence[Call[T]]) -> list[T]:
        """The answers in the order of the calls, in batches where nodes take them. Raises as `ask` does."""
        # A part as large as the largest batch taken; a node that takes less divides it further.
        size = max(one.batch for one in self._endpoints)
        parts = [calls[start : start + size] for start in range(0, len(calls), size)]
        answered = await _together([self._patiently(part, self._batch) for part in parts])
        return [answer for part in answered for answer in part]

    async def _patiently(
        self, calls: Sequence[Call[T]], ask: Callable[[Endpoint, Sequence[Call[T]]], Awaitable[list[T]]]
    ) -> list[T]:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.patience.rounds),
            wait=wait_random_exponential(multiplier=self.patience.first_pause_s, max=self.patience.longest_pause_s),
            retry=retry_if_exception_type(NodeUnavailableError),
            sleep=self.sleep,
            reraise=True,
        )
        return await retrying(self._round, calls, ask)

    async def _round(
        self, calls: Sequence[Call[T]], ask: Callable[[Endpoint, Sequence[Call[T]]], Awaitable[list[T]]]
    ) -> list[T]:
        """Every node once."""
        await self.sleep(silence_s(self._endpoints, time.monotonic()))
        reasons: dict[str, Exception] = {}
        for endpoint in in_order(self._endpoints, time.monotonic()):
            try:
                await self._prepare(endpoint, needs_block=max(call.needs_block for call in calls))
                found = await ask(endpoint, calls)
            except TooMuchAtOnceError:
                raise
            except (TransientError, UnusableNodeError) as error:
                if isinstance(error, WrongChainError):
                    raise
                reasons[endpoint.name] = error
                endpoint.failed(time.monotonic(), wait_s=error.wait_s if isinstance(error, RefusedError) else None)
                log.warning("node.failed", node=endpoint.name, method=calls[0].method, reason=str(error))
            else:
                endpoint.worked()
                return found
        said = "; ".join(f"{name}: {error}" for name, error in reasons.items()) or "every node asked to be left alone"
        if calls[0].divisible and any(isinstance(error, TimedOutError) for error in reasons.values()):
            raise TooMuchAtOnceError(f"{calls[0].method}: {said}")
        if reasons and all(isinstance(error, UnusableNodeError) for error in reasons.values()):
            raise UnusableNodeError(f"{said}; correct PUNKCAST_SOURCE_URL or PUNKCAST_RPC_URLS")
        raise NodeUnavailableError(f"no usable answer to {calls[0].method}: {said}")

    async def _prepare(self, endpoint: Endpoint, *, needs_block: int) -> None:
        if not endpoint.checked:
            chain = Call("eth_chainId", [], lambda value: answers.quantity(value, "the chain id"))
            [found] = await self._single(endpoint, [chain])
            if found != self.chain_id:
                raise WrongChainError(
                    f"{endpoint.name} is on chain {found}, not {self.chain_id}: correct PUNKCAST_SOURCE_URL or "
                    "PUNKCAST_RPC_URLS, or say chain_id=… in the source's URL"
                )
            endpoint.checked = True
        if endpoint.head < needs_block:
            head = Call("eth_blockNumber", [], lambda value: answers.quantity(value, "the newest block"))
            [endpoint.head] = await self._single(endpoint, [head])
            if endpoint.head < needs_block:
                raise RefusedError(f"it is at block {endpoint.head}, behind block {needs_block}")

    async def _single(self, endpoint: Endpoint, calls: Sequence[Call[T]]) -> list[T]:
        [call] = calls
        identity = next(self._ids)
        answer = await self._post(endpoint, _request(identity, call), divisible=call.divisible)
        return [_result(answer, identity, call)]

    async def _batch(self, endpoint: Endpoint, calls: Sequence[Call[T]]) -> list[T]:
        size, found = endpoint.batch, list[T]()
        if size == 1:
            singly = await _together([self._single(endpoint, [call]) for call in calls])
            return [answer for one in singly for answer in one]
        for start in range(0, len(calls), size):
            part = calls[start : start + size]
            first = next(self._ids)
            identities = [first, *(next(self._ids) for _ in part[1:])]
            requests = [_request(identity, call) for identity, call in zip(identities, part, strict=True)]
            try:
                answer = await self._post(endpoint, requests, divisible=True)
                if not isinstance(answer, list):
                    raise TooMuchAtOnceError("it answers a batch as a whole")
            except (TooMuchAtOnceError, UnusableNodeError) as error:
                if not endpoint.takes_smaller_batches():
                    raise RefusedError(str(error)) from error
                log.info("node.smaller_batches", node=endpoint.name, batch=endpoint.batch, reason=str(error))
                return found + await self._batch(endpoint, calls[start:])
            by_id = {one.get("id"): one for one in answer if isinstance(one, dict)}
            found += [
                _result(by_id.get(identity), identity, call) for identity, call in zip(identities, part, strict=True)
            ]
        return found

    async def _post(self, endpoint: Endpoint, body: Any, *, divisible: bool) -> Any:
        async with self._slots:
            try:
                response = await self._client.post(endpoint.url, json=body)
            except httpx.TimeoutException as error:
                raise TimedOutError(f"no answer within {self.patience.request_s:g} s") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise RefusedError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        if response.status_code != 200:
            raise http_error(response, divisible=divisible)
        try:
            return response.json()
        except ValueError as error:
            raise MalformedAnswerError("its answer is not JSON") from error


class WrongChainError(UnusableNodeError):
    """A node of the settings is on another chain: whatever it says would be wrong."""


class TimedOutError(RefusedError):
    """A node did not answer in time."""


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _request(identity: int, call: Call[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": call.method, "params": list(call.params)}


def _result(answer: Any, identity: int, call: Call[T]) -> T:
    if not isinstance(answer, dict):
        raise MalformedAnswerError(f"{call.method} was not answered")
    if answer.get("error") is not None:
        raise rpc_error(answer["error"], divisible=call.divisible)
    if answer.get("id") != identity or "result" not in answer:
        raise MalformedAnswerError(f"{call.method}: the answer has another id, or no result")
    return call.read(answer["result"])

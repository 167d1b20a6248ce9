"""JSON-RPC over HTTP to one or several nodes: fail-over, retries with backoff and jitter, batches, limited
concurrency."""

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
    """One call with the reader of its answer; an error of `read` counts as a failure of the node.

    Attributes:
        divisible: the caller can divide the call. A time-out or a refusal for size is then a `TooMuchAtOnceError`,
            without a retry.
        needs_block: only nodes with this block are asked, because other nodes would answer with less.
    """

    method: str
    params: Sequence[Any]
    read: Callable[[Any], T]
    divisible: bool = False
    needs_block: int = -1


Ask = Callable[[Endpoint, Sequence[Call[T]]], Awaitable[list[T]]]


@dataclass(frozen=True)
class Patience:
    """Rounds through all nodes before an error, and limits of the random pauses between them and of requests (s)."""

    rounds: int = 6
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    request_s: float = 30.0


@dataclass
class JsonRpc:
    """Asks the nodes `urls` of chain `chain_id`, in the given order. The caller closes it."""

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
        """The first usable answer.

        Raises:
            NodeUnavailableError: no node gave a usable answer in any round.
            TooMuchAtOnceError: a divisible call is too large.
            UnusableNodeError: a node is on another chain, or no node accepts requests.
        """
        [answer] = await self._retry([call], self._single)
        return answer

    async def ask_all(self, calls: Sequence[Call[T]]) -> list[T]:
        """The answers in the order of the calls, in batches if the nodes accept them. Raises as `ask` does."""
        # Parts have the largest accepted size; for other nodes, `_batch` divides them.
        size = max(endpoint.batch for endpoint in self._endpoints)
        parts = [calls[start : start + size] for start in range(0, len(calls), size)]
        answered = await _together([self._retry(part, self._batch) for part in parts])
        return [answer for part in answered for answer in part]

    async def _retry(self, calls: Sequence[Call[T]], ask: Ask[T]) -> list[T]:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.patience.rounds),
            wait=wait_random_exponential(multiplier=self.patience.first_pause_s, max=self.patience.longest_pause_s),
            retry=retry_if_exception_type(NodeUnavailableError),
            sleep=self.sleep,
            reraise=True,
        )
        return await retrying(self._round, calls, ask)

    async def _round(self, calls: Sequence[Call[T]], ask: Ask[T]) -> list[T]:
        """Ask every node once."""
        await self.sleep(silence_s(self._endpoints, time.monotonic()))
        reasons: dict[str, Exception] = {}
        for endpoint in in_order(self._endpoints, time.monotonic()):
            try:
                await self._prepare(endpoint, needs_block=max(call.needs_block for call in calls))
                answered = await ask(endpoint, calls)
            except (TooMuchAtOnceError, WrongChainError):
                raise
            except (TransientError, UnusableNodeError) as error:
                reasons[endpoint.name] = error
                endpoint.failed(time.monotonic(), wait_s=error.wait_s if isinstance(error, RefusedError) else None)
                log.warning("node.failed", node=endpoint.name, method=calls[0].method, reason=str(error))
            else:
                endpoint.worked()
                return answered
        reason = "; ".join(f"{name}: {error}" for name, error in reasons.items()) or "all nodes asked to be left alone"
        if calls[0].divisible and any(isinstance(error, TimedOutError) for error in reasons.values()):
            raise TooMuchAtOnceError(f"{calls[0].method}: {reason}")
        if reasons and all(isinstance(error, UnusableNodeError) for error in reasons.values()):
            raise UnusableNodeError(f"{reason}; correct PUNKCAST_SOURCE_URL or PUNKCAST_RPC_URLS")
        raise NodeUnavailableError(f"no usable answer to {calls[0].method}: {reason}")

    async def _prepare(self, endpoint: Endpoint, *, needs_block: int) -> None:
        if not endpoint.checked:
            chain = Call("eth_chainId", [], lambda value: answers.quantity(value, "the chain id"))
            [chain_id] = await self._single(endpoint, [chain])
            if chain_id != self.chain_id:
                raise WrongChainError(
                    f"{endpoint.name} is on chain {chain_id}, not {self.chain_id}: correct PUNKCAST_SOURCE_URL or "
                    "PUNKCAST_RPC_URLS, or set chain_id=… in the source's URL"
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
        size, answers = endpoint.batch, list[T]()
        if size == 1:
            parts = await _together([self._single(endpoint, [call]) for call in calls])
            return [answer for part in parts for answer in part]
        for start in range(0, len(calls), size):
            batch = [(next(self._ids), call) for call in calls[start : start + size]]
            try:
                answer = await self._post(endpoint, [_request(*request) for request in batch], divisible=True)
                if not isinstance(answer, list):
                    raise TooMuchAtOnceError("it answers a batch as a whole")
            except (TooMuchAtOnceError, UnusableNodeError) as error:
                if not endpoint.takes_smaller_batches():
                    raise RefusedError(str(error)) from error
                log.info("node.smaller_batches", node=endpoint.name, batch=endpoint.batch, reason=str(error))
                return answers + await self._batch(endpoint, calls[start:])
            by_id = {item.get("id"): item for item in answer if isinstance(item, dict)}
            answers += [_result(by_id.get(identity), identity, call) for identity, call in batch]
        return answers

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
    """A configured node is on another chain, so its answers would be wrong."""


class TimedOutError(RefusedError):
    """A node did not answer in time."""


async def _together(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first failure cancels the rest and is raised unchanged."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
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

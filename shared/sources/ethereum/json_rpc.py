"""JSON-RPC over HTTP to one or several nodes: fail-over, retries with backoff and jitter, batches, limited
concurrency."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Generic, TypeVar

import httpx
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from shared.errors import TransientError
from shared.sources.ethereum import answers
from shared.sources.ethereum.answers import Header, MalformedAnswerError
from shared.sources.ethereum.endpoints import Endpoint, in_order, silence_s
from shared.sources.ethereum.failures import (
    AwayError,
    NodeUnavailableError,
    RateLimitedError,
    RefusedError,
    TooMuchAtOnceError,
    UnusableNodeError,
    http_error,
    rpc_error,
)

T = TypeVar("T")
R = TypeVar("R")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call with the reader of its answer; an error of `read` counts as a failure of the node.

    Attributes:
        divisible: the caller can divide the call. If all nodes refuse it twice, or are too slow, that is then a
            `TooMuchAtOnceError`.
        needs_block: only nodes with this block are asked, because other nodes would answer with less.
        proof: a call that a node must have answered once before it is believed. Its reader raises the error.
        elsewhere: asks the nodes in the opposite order, so that another one answers than usual.
    """

    method: str
    params: Sequence[Any]
    read: Callable[[Any], T]
    divisible: bool = False
    needs_block: int = -1
    proof: "Call[Any] | None" = None
    elsewhere: bool = False


def header_call(number: int) -> Call[Header]:
    """The call for the header of a block."""
    return Call(
        "eth_getBlockByNumber",
        [hex(number), False],
        lambda value: answers.header(value, number),
        needs_block=number,
    )


Ask = Callable[[Endpoint, Sequence[Call[Any]]], Awaitable[list[T]]]


@dataclass(frozen=True)
class Patience:
    """Rounds through all nodes before an error, and limits of the random pauses between them and of requests (s)."""

    rounds: int = 6
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    request_s: float = 30.0


@dataclass
class JsonRpc:
    """Asks the nodes `urls` of chain `chain_id`, in the given order. The caller closes it.

    `calls_per_s`: the most calls per second that one node gets; None for no limit.
    """

    urls: Sequence[str]
    chain_id: int
    in_flight: int = 4
    calls_per_s: float | None = None
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

    @property
    def nodes(self) -> Sequence[Endpoint]:
        """The nodes with what is known about each."""
        return self._endpoints

    async def ask(self, call: Call[T]) -> T:
        """The first usable answer.

        Raises:
            NodeUnavailableError: no node gave a usable answer in any round.
            TooMuchAtOnceError: a divisible call is too large.
            UnusableNodeError: no node accepts requests.
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

    async def newest(self, *, at_least: int) -> Header:
        """The highest of the nodes' newest blocks. All are asked, because one that stands still answers as well.

        Raises:
            NodeUnavailableError: no node has reached `at_least`, or none answers.
            UnusableNodeError: no node accepts requests.
        """
        return await self._persist(partial(self._newest, at_least))

    async def _retry(self, calls: Sequence[Call[T]], ask: Ask[T]) -> list[T]:
        return await self._persist(partial(self._round, calls, ask, list[Exception]()))

    async def _persist(self, attempt: Callable[[], Awaitable[R]]) -> R:
        """Attempt again, after random pauses, while no node gives a usable answer."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.patience.rounds),
            wait=wait_random_exponential(multiplier=self.patience.first_pause_s, max=self.patience.longest_pause_s),
            retry=retry_if_exception_type(NodeUnavailableError),
            sleep=self.sleep,
            reraise=True,
        )
        return await retrying(attempt)

    async def _round(self, calls: Sequence[Call[T]], ask: Ask[T], refused: list[Exception]) -> list[T]:
        """Ask the nodes in turn. `refused` has a refusal of each earlier round."""
        reasons: dict[str, Exception] = {}
        willing = await self._willing()
        for endpoint in reversed(willing) if calls[0].elsewhere else willing:
            answered = await self._try(endpoint, calls, ask, reasons)
            if answered is not None:
                return answered
        # Nodes that are away or cannot serve do not prevent that the others get a smaller request.
        refusals = [error for error in reasons.values() if isinstance(error, RefusedError | MalformedAnswerError)]
        refused += refusals[:1]
        if (
            calls[0].divisible
            and refusals
            and (len(refused) > 1 or any(isinstance(e, TimedOutError) for e in refusals))
        ):
            hints = [e.blocks for e in refusals if isinstance(e, RefusedError) and e.blocks is not None]
            raise TooMuchAtOnceError(str(_no_answer(calls[0], reasons)), blocks=min(hints, default=None))
        raise _no_answer(calls[0], reasons)

    async def _newest(self, at_least: int) -> Header:
        number = Call("eth_blockNumber", [], lambda value: answers.quantity(value, "the newest block"))

        async def newest(endpoint: Endpoint, _: Sequence[Call[Any]]) -> list[Header]:
            [endpoint.head] = await self._single(endpoint, [number])
            if endpoint.head < at_least:
                raise AwayError(f"it is at block {endpoint.head}, behind block {at_least} that was read already")
            return await self._single(endpoint, [header_call(endpoint.head)])

        reasons: dict[str, Exception] = {}
        willing = await self._willing()
        found = await _together([self._try(endpoint, [number], newest, reasons) for endpoint in willing])
        heads = [head[0] for head in found if head is not None]
        if not heads:
            raise _no_answer(number, reasons)
        return max(heads, key=lambda head: head.number)

    async def _willing(self) -> list[Endpoint]:
        """The nodes to ask now, in order.

        Raises:
            UnusableNodeError: all are excluded.
        """
        usable = [endpoint for endpoint in self._endpoints if endpoint.excluded is None]
        if not usable:
            reasons = "; ".join(f"{endpoint.name}: {endpoint.excluded}" for endpoint in self._endpoints)
            raise UnusableNodeError(reasons)
        await self.sleep(silence_s(usable, time.monotonic()))
        return in_order(usable, time.monotonic())

    async def _try(
        self, endpoint: Endpoint, calls: Sequence[Call[Any]], ask: Ask[T], reasons: dict[str, Exception]
    ) -> list[T] | None:
        """The node's answers; None after a failure, which is added to `reasons`."""
        try:
            await self._prepare(endpoint, needs_block=max(call.needs_block for call in calls), proof=calls[0].proof)
            answered = await ask(endpoint, calls)
        except (TransientError, UnusableNodeError) as error:
            reasons[endpoint.name] = error
            if isinstance(error, WrongChainError):
                endpoint.excluded = str(error)
                log.error("node.excluded", node=endpoint.name, reason=str(error))
                return None
            if endpoint.last_error != str(error):  # once for an outage: new blocks are asked for every few seconds
                log.warning("node.failed", node=endpoint.name, method=calls[0].method, reason=str(error))
            endpoint.failed(time.monotonic(), str(error), wait_s=error.wait_s if isinstance(error, AwayError) else None)
            return None
        endpoint.worked()
        return answered

    async def _prepare(self, endpoint: Endpoint, *, needs_block: int, proof: Call[Any] | None) -> None:
        if not endpoint.checked:
            chain = Call("eth_chainId", [], lambda value: answers.quantity(value, "the chain id"))
            [chain_id] = await self._single(endpoint, [chain])
            if chain_id != self.chain_id:
                raise WrongChainError(
                    f"it is on chain {chain_id}, not {self.chain_id}: correct PUNKCAST_SOURCE_URL or "
                    "PUNKCAST_RPC_URLS, or set chain_id=… in the source's URL"
                )
            endpoint.checked = True
        if endpoint.head < needs_block:
            head = Call("eth_blockNumber", [], lambda value: answers.quantity(value, "the newest block"))
            [endpoint.head] = await self._single(endpoint, [head])
            if endpoint.head < needs_block:
                raise AwayError(f"it is at block {endpoint.head}, behind block {needs_block}")
        if proof is not None and not endpoint.proven:
            await self._single(endpoint, [proof])
            endpoint.proven = True

    async def _single(self, endpoint: Endpoint, calls: Sequence[Call[T]]) -> list[T]:
        [call] = calls
        identity = next(self._ids)
        return [_result(await self._post(endpoint, _request(identity, call), calls=1), identity, call)]

    async def _batch(self, endpoint: Endpoint, calls: Sequence[Call[T]]) -> list[T]:
        found: dict[int, T] = {}
        while left := [place for place in range(len(calls)) if place not in found]:
            size = endpoint.batch if self.calls_per_s is None else min(endpoint.batch, max(1, int(self.calls_per_s)))
            if size == 1:
                parts = await _together([self._single(endpoint, [calls[place]]) for place in left])
                found |= {place: part[0] for place, part in zip(left, parts, strict=True)}
                endpoint.accepted(len(left))
                break
            try:
                found |= await self._part(endpoint, {place: calls[place] for place in left[:size]})
            except RefusedError as error:
                endpoint.takes_smaller_batches()
                log.info("node.smaller_batches", node=endpoint.name, batch=endpoint.batch, reason=str(error))
            else:
                endpoint.accepted(1)
        return [found[place] for place in range(len(calls))]

    async def _part(self, endpoint: Endpoint, calls: dict[int, Call[T]]) -> dict[int, T]:
        """The answers of one batch by place, at least one; what a node leaves out is asked again.

        Raises:
            RefusedError: the node answers no call of the batch.
        """
        ids = {next(self._ids): place for place in calls}
        requests = [_request(identity, calls[place]) for identity, place in ids.items()]
        answer = await self._post(endpoint, requests, calls=len(calls))
        if not isinstance(answer, list):
            said = answer.get("error") if isinstance(answer, dict) else None
            raise RefusedError("it answers a batch as a whole") if said is None else rpc_error(said)
        by_id = {item["id"]: item for item in answer if isinstance(item, dict) and item.get("id") in ids}
        found: dict[int, T] = {}
        refusals: list[Exception] = []
        for identity, item in by_id.items():
            try:
                found[ids[identity]] = _result(item, identity, calls[ids[identity]])
            except (RefusedError, AwayError) as error:
                refusals.append(error)
        if not found:
            raise next((error for error in refusals if isinstance(error, RateLimitedError)), None) or RefusedError(
                str(refusals[0]) if refusals else "it answers no call of a batch"
            )
        return found

    async def _post(self, endpoint: Endpoint, body: Any, *, calls: int) -> Any:
        await self.sleep(endpoint.turn_s(time.monotonic(), calls, self.calls_per_s))
        async with self._slots:
            try:
                response = await self._client.post(endpoint.url, json=body)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise AwayError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
            except httpx.TimeoutException as error:
                raise TimedOutError(f"no answer within {self.patience.request_s:g} s") from error
            except httpx.HTTPError as error:
                raise RefusedError(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        if response.status_code != 200:
            raise http_error(response)
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


def _no_answer(call: Call[Any], reasons: dict[str, Exception]) -> Exception:
    reason = "; ".join(f"{name}: {error}" for name, error in reasons.items()) or "all nodes asked to be left alone"
    if reasons and all(isinstance(error, UnusableNodeError) for error in reasons.values()):
        kinds = {type(error) for error in reasons.values()}
        kind = kinds.pop() if len(kinds) == 1 else UnusableNodeError
        return kind(reason)
    return NodeUnavailableError(f"no usable answer to {call.method}: {reason}")


def _request(identity: int, call: Call[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": call.method, "params": list(call.params)}


def _result(answer: Any, identity: int, call: Call[T]) -> T:
    if not isinstance(answer, dict):
        raise MalformedAnswerError(f"{call.method} was not answered")
    if answer.get("error") is not None:
        raise rpc_error(answer["error"])
    if answer.get("id") != identity or "result" not in answer:
        raise MalformedAnswerError(f"{call.method}: the answer has another id, or no result")
    return call.read(answer["result"])

"""The synchronous and the asynchronous client. `calls` says what each method sends and returns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from itertools import count
from typing import Any, Concatenate, ParamSpec, Self
from uuid import UUID

import httpx

from punkcast_client import calls
from punkcast_client.calls import A, Call
from punkcast_client.errors import ProblemError, PunkcastUnavailableError
from punkcast_client.models import Event
from punkcast_client.retrying import Retries
from punkcast_client.streaming import EventLines, stream_options

P = ParamSpec("P")


class _Client:
    """What both clients share: their options, and the decision after each try."""

    _http_client: type[httpx.Client] | type[httpx.AsyncClient]
    _http: Any

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        retries: Retries | None = None,
        timeout_s: float = 30.0,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        options: Any = {"base_url": url, "headers": headers, "timeout": timeout_s, "transport": transport}
        self._http = self._http_client(**options)
        self._retries = retries or Retries()

    def _pause(self, call: Call[Any], attempt: int, outcome: httpx.Response | httpx.TransportError) -> float | None:
        """Seconds before the next try; None after a success.

        Raises:
            ProblemError: the gateway refused the call.
            PunkcastUnavailableError: the last try got no response.
        """
        response = outcome if isinstance(outcome, httpx.Response) else None
        if response is not None and response.is_success:
            return None
        pause = self._retries.pause(attempt, response) if call.repeatable else None
        if pause is not None:
            return pause
        if isinstance(outcome, httpx.Response):
            raise ProblemError.of(outcome)
        raise PunkcastUnavailableError(f"no answer after {attempt} tries: {outcome!r}") from outcome


def _one(build: Callable[P, Call[A]]) -> Callable[Concatenate[Punkcast, P], A]:
    @wraps(build)
    def method(client: Punkcast, /, *args: P.args, **kwargs: P.kwargs) -> A:
        call = build(*args, **kwargs)
        return call.answer_in(client._send(call))

    return method


def _all(build: Callable[P, Call[A]]) -> Callable[Concatenate[Punkcast, P], Iterator[A]]:
    @wraps(build)
    def method(client: Punkcast, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[A]:
        call: Call[A] | None = build(*args, **kwargs)
        while call is not None:
            items, call = call.page_in(client._send(call))
            yield from items

    return method


def _async_one(build: Callable[P, Call[A]]) -> Callable[Concatenate[AsyncPunkcast, P], Coroutine[Any, Any, A]]:
    @wraps(build)
    async def method(client: AsyncPunkcast, /, *args: P.args, **kwargs: P.kwargs) -> A:
        call = build(*args, **kwargs)
        return call.answer_in(await client._send(call))

    return method


def _async_all(build: Callable[P, Call[A]]) -> Callable[Concatenate[AsyncPunkcast, P], AsyncIterator[A]]:
    @wraps(build)
    async def method(client: AsyncPunkcast, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[A]:
        call: Call[A] | None = build(*args, **kwargs)
        while call is not None:
            items, call = call.page_in(await client._send(call))
            for item in items:
                yield item

    return method


class Punkcast(_Client):
    """A gateway. Only calls that change something need `api_key`.

    Close the client, or use it with `with`.
    """

    _http_client = httpx.Client
    _http: httpx.Client

    punk = _one(calls.punk)
    punks = _all(calls.punks)
    performance = _one(calls.performance)
    outcomes = _all(calls.outcomes)
    backtest = _one(calls.backtest)
    trades = _all(calls.trades)
    lifecycle = _all(calls.lifecycle)
    models = _all(calls.models)
    training_requests = _all(calls.training_requests)
    request_training = _one(calls.request_training)
    cancel_training = _one(calls.cancel_training)
    promote = _one(calls.promote)
    roll_back = _one(calls.roll_back)
    quarantine = _one(calls.quarantine)
    create_webhook = _one(calls.create_webhook)
    webhooks = _all(calls.webhooks)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def delete_webhook(self, webhook_id: UUID | str) -> None:
        """Unsubscribe, and drop pending deliveries."""
        self._send(calls.delete_webhook(webhook_id))

    def events(self, *types: str, last_event_id: str | None = None) -> Iterator[Event]:
        """Events as they happen, without end. To resume after a lost connection, pass the last event's id."""
        with self._http.stream("GET", "/v1/events", **stream_options(types, last_event_id)) as response:
            if response.is_error:
                response.read()
                raise ProblemError.of(response)
            lines = EventLines()
            for line in response.iter_lines():
                if (event := lines.take(line)) is not None:
                    yield event

    def _send(self, call: Call[Any]) -> httpx.Response:
        for attempt in count(1):
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = self._http.request(call.method, call.path, **call.options)
            except httpx.TransportError as error:
                outcome = error
            pause = self._pause(call, attempt, outcome)
            if pause is None:
                break
            time.sleep(pause)
        assert isinstance(outcome, httpx.Response)
        return outcome


class AsyncPunkcast(_Client):
    """A gateway, called from coroutines: the methods of `Punkcast`, awaited or read with `async for`."""

    _http_client = httpx.AsyncClient
    _http: httpx.AsyncClient

    punk = _async_one(calls.punk)
    punks = _async_all(calls.punks)
    performance = _async_one(calls.performance)
    outcomes = _async_all(calls.outcomes)
    backtest = _async_one(calls.backtest)
    trades = _async_all(calls.trades)
    lifecycle = _async_all(calls.lifecycle)
    models = _async_all(calls.models)
    training_requests = _async_all(calls.training_requests)
    request_training = _async_one(calls.request_training)
    cancel_training = _async_one(calls.cancel_training)
    promote = _async_one(calls.promote)
    roll_back = _async_one(calls.roll_back)
    quarantine = _async_one(calls.quarantine)
    create_webhook = _async_one(calls.create_webhook)
    webhooks = _async_all(calls.webhooks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def delete_webhook(self, webhook_id: UUID | str) -> None:
        """Unsubscribe, and drop pending deliveries."""
        await self._send(calls.delete_webhook(webhook_id))

    async def events(self, *types: str, last_event_id: str | None = None) -> AsyncIterator[Event]:
        """Events as they happen, without end. To resume after a lost connection, pass the last event's id."""
        async with self._http.stream("GET", "/v1/events", **stream_options(types, last_event_id)) as response:
            if response.is_error:
                await response.aread()
                raise ProblemError.of(response)
            lines = EventLines()
            async for line in response.aiter_lines():
                if (event := lines.take(line)) is not None:
                    yield event

    async def _send(self, call: Call[Any]) -> httpx.Response:
        for attempt in count(1):
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = await self._http.request(call.method, call.path, **call.options)
            except httpx.TransportError as error:
                outcome = error
            pause = self._pause(call, attempt, outcome)
            if pause is None:
                break
            await asyncio.sleep(pause)
        assert isinstance(outcome, httpx.Response)
        return outcome

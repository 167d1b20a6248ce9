"""The asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import httpx

from punkcast_client import calls
from punkcast_client import models as answers
from punkcast_client.calls import A, Call
from punkcast_client.errors import ProblemError, PunkcastUnavailableError
from punkcast_client.retrying import Retries
from punkcast_client.streaming import EventLines


class AsyncPunkcast:
    """A gateway, asked from a coroutine. `api_key` is needed only for what changes something.

    Close it, or use it with `async with`.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        retries: Retries | None = None,
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, transport=transport)
        self._retries = retries or Retries()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def punk(self, punk_id: int) -> answers.Punk:
        """A punk with its value."""
        return await self._one(calls.punk(punk_id))

    def punks(self, **query: Any) -> AsyncIterator[answers.Punk]:
        """Punks of one generation, filtered as the document says (`type`, `min_value`, `sort`, …)."""
        return self._all(calls.punks(**query))

    async def performance(self, **query: Any) -> answers.Performance:
        """The forward scorecard (`horizon`, `start`, `end`, `model_id`, `exclusions`)."""
        return await self._one(calls.performance(**query))

    def outcomes(self, **query: Any) -> AsyncIterator[answers.Outcome]:
        """Every scored sale (`horizon`, `start`, `end`, `model_id`, `exclusions`)."""
        return self._all(calls.outcomes(**query))

    async def backtest(self) -> answers.Backtest:
        """Strategy against passive."""
        return await self._one(calls.backtest())

    def trades(self, **query: Any) -> AsyncIterator[answers.Trade]:
        """Trades of a book (`book`, `punk_id`, `open`)."""
        return self._all(calls.trades(**query))

    def lifecycle(self, **query: Any) -> AsyncIterator[answers.LifecycleEvent]:
        """What happened to models, newest first (`kind`, `model_id`)."""
        return self._all(calls.lifecycle(**query))

    def models(self, **query: Any) -> AsyncIterator[answers.Model]:
        """Models, newest first (`state`)."""
        return self._all(calls.list_models(**query))

    def training_requests(self, **query: Any) -> AsyncIterator[answers.TrainingRequest]:
        """Training requests, newest first (`status`, `reason`, `requested_by`)."""
        return self._all(calls.training_requests(**query))

    async def request_training(
        self, reason: str, *, data_cutoff: datetime | None = None, idempotency_key: str | None = None
    ) -> answers.TrainingRequest:
        """Ask for a contender (scope `train`)."""
        return await self._one(calls.request_training(reason, data_cutoff=data_cutoff, key=idempotency_key))

    async def cancel_training(self, request_id: UUID | str) -> answers.TrainingRequest:
        """Withdraw a request that nobody works on yet (scope `train`)."""
        return await self._one(calls.cancel_training(request_id))

    async def promote(self, model_id: str, reason: str, **more: Any) -> answers.Act:
        """Make it the champion (scope `operate`)."""
        return await self._one(calls.act("promote", model_id, reason, **more))

    async def roll_back(self, model_id: str, reason: str, **more: Any) -> answers.Act:
        """Take this champion down (scope `operate`)."""
        return await self._one(calls.act("rollback", model_id, reason, **more))

    async def quarantine(self, model_id: str, reason: str, **more: Any) -> answers.Act:
        """Take it out for good (scope `operate`)."""
        return await self._one(calls.act("quarantine", model_id, reason, **more))

    async def create_webhook(self, url: str, events: list[str], **more: Any) -> answers.Webhook:
        """Subscribe (scope `webhooks`); keep the answer's secret."""
        return await self._one(calls.create_webhook(url, events, **more))

    def webhooks(self) -> AsyncIterator[answers.Webhook]:
        """Your subscriptions."""
        return self._all(calls.webhooks())

    async def delete_webhook(self, webhook_id: UUID | str) -> None:
        """Unsubscribe, with whatever was still to be delivered."""
        await self._send(calls.delete_webhook(webhook_id), None)

    async def events(self, *types: str, last_event_id: str | None = None) -> AsyncIterator[answers.Event]:
        """What happens, as it happens; does not end. After a broken line go on with the last event's id."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        lines = EventLines()
        timeout = httpx.Timeout(30.0, read=60.0)
        async with self._http.stream(
            "GET", "/v1/events", params={"types": list(types)}, headers=headers, timeout=timeout
        ) as response:
            if response.is_error:
                await response.aread()
                raise ProblemError.of(response)
            async for line in response.aiter_lines():
                event = lines.take(line)
                if event is not None:
                    yield event

    async def _one(self, call: Call[A]) -> A:
        return call.answer.model_validate_json((await self._send(call, None)).content)

    async def _all(self, call: Call[A]) -> AsyncIterator[A]:
        """Every item of every page."""
        cursor: str | None = None
        while True:
            page = (await self._send(call, cursor)).json()
            for item in page["items"]:
                yield call.answer.model_validate(item)
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    async def _send(self, call: Call[A], cursor: str | None) -> httpx.Response:
        """Raises ProblemError, or PunkcastUnavailableError after the last try."""
        query = call.parameters | ({"cursor": cursor} if cursor else {})
        attempt = 0
        while True:
            attempt += 1
            response: httpx.Response | None = None
            failure: httpx.TransportError | None = None
            try:
                response = await self._http.request(
                    call.method, call.path, params=query, json=call.body, headers=dict(call.headers)
                )
            except httpx.TransportError as error:
                failure = error
            if response is not None and response.is_success:
                return response
            pause = self._retries.pause(attempt, response) if call.repeatable else None
            if pause is None:
                if response is not None:
                    raise ProblemError.of(response)
                raise PunkcastUnavailableError(f"no answer after {attempt} tries: {failure!r}") from failure
            await asyncio.sleep(pause)

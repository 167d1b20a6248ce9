"""Every call as data: what it sends and how to read its answer. Both clients carry these out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import httpx

from punkcast_client import models as answers

A = TypeVar("A", bound=answers.Answer)


@dataclass(frozen=True)
class Call(Generic[A]):
    """One request. A list has its `items` in pages linked by `next_cursor`."""

    method: str
    path: str
    answer: type[A]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of httpx's `request`. Parameters that are None are left out; instants are ISO 8601."""
        query = {name: _plain(value) for name, value in self.query.items() if value is not None}
        return {"params": query, "json": self.body, "headers": dict(self.headers)}

    @property
    def repeatable(self) -> bool:
        """Whether sending the call twice has the effect of sending it once."""
        return self.method in ("GET", "DELETE") or "Idempotency-Key" in self.headers

    def answer_in(self, response: httpx.Response) -> A:
        return self.answer.model_validate_json(response.content)

    def page_in(self, response: httpx.Response) -> tuple[list[A], Call[A] | None]:
        """The items of a page, and the call for the next page, if there is one."""
        page = response.json()
        cursor = page.get("next_cursor")
        following = None if cursor is None else replace(self, query={**self.query, "cursor": cursor})
        return [self.answer.model_validate(item) for item in page["items"]], following


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else value


def _get(path: str, answer: type[A], **query: Any) -> Call[A]:
    return Call("GET", path, answer, query)


def _post(path: str, answer: type[A], body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Call[A]:
    """With an Idempotency-Key, the caller's or a new one, so that the call can be retried."""
    sent = None if body is None else {name: _plain(value) for name, value in body.items() if value is not None}
    return Call("POST", path, answer, body=sent, headers={"Idempotency-Key": key or str(uuid4())})


def punk(punk_id: int) -> Call[answers.Punk]:
    """A punk with its value."""
    return _get(f"/v1/punks/{punk_id}", answers.Punk)


def punks(**query: Any) -> Call[answers.Punk]:
    """Punks of one generation, with the filters of the API document (`type`, `min_value`, `sort`, …)."""
    return _get("/v1/punks", answers.Punk, **query)


def performance(**query: Any) -> Call[answers.Performance]:
    """The forward scorecard (`horizon`, `start`, `end`, `model_id`, `exclusions`)."""
    return _get("/v1/performance", answers.Performance, **query)


def outcomes(**query: Any) -> Call[answers.Outcome]:
    """Every scored sale (`horizon`, `start`, `end`, `model_id`, `channel`, `exclusions`)."""
    return _get("/v1/outcomes", answers.Outcome, **query)


def backtest() -> Call[answers.Backtest]:
    """The backtest: strategy against passive."""
    return _get("/v1/backtest", answers.Backtest)


def trades(**query: Any) -> Call[answers.Trade]:
    """Trades of a book (`book`, `punk_id`, `open`)."""
    return _get("/v1/backtest/trades", answers.Trade, **query)


def lifecycle(**query: Any) -> Call[answers.LifecycleEvent]:
    """Lifecycle events of models, newest first (`kind`, `model_id`)."""
    return _get("/v1/lifecycle", answers.LifecycleEvent, **query)


def models(**query: Any) -> Call[answers.Model]:
    """Models, newest first (`state`)."""
    return _get("/v1/models", answers.Model, **query)


def training_requests(**query: Any) -> Call[answers.TrainingRequest]:
    """Training requests, newest first (`status`, `reason`, `requested_by`)."""
    return _get("/v1/training-requests", answers.TrainingRequest, **query)


def request_training(
    reason: str, *, data_cutoff: datetime | None = None, idempotency_key: str | None = None
) -> Call[answers.TrainingRequest]:
    """Request a contender (scope `train`)."""
    body = {"reason": reason, "data_cutoff": data_cutoff}
    return _post("/v1/training-requests", answers.TrainingRequest, body, key=idempotency_key)


def cancel_training(request_id: UUID | str) -> Call[answers.TrainingRequest]:
    """Withdraw a queued request (scope `train`)."""
    return _post(f"/v1/training-requests/{request_id}/cancel", answers.TrainingRequest)


def promote(model_id: str, reason: str, *, key: str | None = None, **more: Any) -> Call[answers.Act]:
    """Make this model the champion (scope `operate`)."""
    return _post(f"/v1/models/{model_id}/promote", answers.Act, {"reason": reason, **more}, key=key)


def roll_back(model_id: str, reason: str, *, key: str | None = None, **more: Any) -> Call[answers.Act]:
    """Replace this champion by its predecessor (scope `operate`)."""
    return _post(f"/v1/models/{model_id}/rollback", answers.Act, {"reason": reason, **more}, key=key)


def quarantine(model_id: str, reason: str, *, key: str | None = None, **more: Any) -> Call[answers.Act]:
    """Withdraw this model for good (scope `operate`)."""
    return _post(f"/v1/models/{model_id}/quarantine", answers.Act, {"reason": reason, **more}, key=key)


def create_webhook(url: str, events: list[str], *, key: str | None = None, **more: Any) -> Call[answers.Webhook]:
    """Subscribe (scope `webhooks`). Keep the answer's secret: no later answer has it."""
    return _post("/v1/webhooks", answers.Webhook, {"url": url, "events": events, **more}, key=key)


def webhooks() -> Call[answers.Webhook]:
    """Your subscriptions."""
    return _get("/v1/webhooks", answers.Webhook)


def delete_webhook(webhook_id: UUID | str) -> Call[answers.Answer]:
    """Unsubscribe, and drop pending deliveries. The answer is empty."""
    return Call("DELETE", f"/v1/webhooks/{webhook_id}", answers.Answer)

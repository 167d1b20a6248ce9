"""Every call as data: method, path, what it sends, and what its answer is. Both clients carry these out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from punkcast_client import models

A = TypeVar("A", bound=models.Answer)


@dataclass(frozen=True)
class Call(Generic[A]):
    """One request. Lists are read from `items` and go on with `next_cursor`."""

    method: str
    path: str
    answer: type[A]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """Without what was left open; instants in ISO 8601."""
        known = {name: value for name, value in self.query.items() if value is not None}
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else _plain(value) for name, value in known.items()
        }

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is sending it once."""
        return self.method in ("GET", "DELETE") or "Idempotency-Key" in self.headers


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def get(path: str, answer: type[A], **query: Any) -> Call[A]:
    return Call("GET", path, answer, query)


def post(path: str, answer: type[A], body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Call[A]:
    """With an Idempotency-Key, the caller's or one of its own, so that it can be tried again."""
    sent = None if body is None else {name: value for name, value in body.items() if value is not None}
    return Call("POST", path, answer, body=sent, headers={"Idempotency-Key": key or str(uuid4())})


def punk(punk_id: int) -> Call[models.Punk]:
    return get(f"/v1/punks/{punk_id}", models.Punk)


def punks(**query: Any) -> Call[models.Punk]:
    return get("/v1/punks", models.Punk, **query)


def performance(**query: Any) -> Call[models.Performance]:
    return get("/v1/performance", models.Performance, **query)


def outcomes(**query: Any) -> Call[models.Outcome]:
    return get("/v1/outcomes", models.Outcome, **query)


def backtest() -> Call[models.Backtest]:
    return get("/v1/backtest", models.Backtest)


def trades(**query: Any) -> Call[models.Trade]:
    return get("/v1/backtest/trades", models.Trade, **query)


def lifecycle(**query: Any) -> Call[models.LifecycleEvent]:
    return get("/v1/lifecycle", models.LifecycleEvent, **query)


def list_models(**query: Any) -> Call[models.Model]:
    return get("/v1/models", models.Model, **query)


def training_requests(**query: Any) -> Call[models.TrainingRequest]:
    return get("/v1/training-requests", models.TrainingRequest, **query)


def request_training(reason: str, *, data_cutoff: Any = None, key: str | None = None) -> Call[models.TrainingRequest]:
    cutoff = None if data_cutoff is None else data_cutoff.isoformat()
    body = {"reason": reason, "data_cutoff": cutoff}
    return post("/v1/training-requests", models.TrainingRequest, body, key=key)


def cancel_training(request_id: UUID | str) -> Call[models.TrainingRequest]:
    return post(f"/v1/training-requests/{request_id}/cancel", models.TrainingRequest)


def act(name: str, model_id: str, reason: str, *, key: str | None = None, **more: Any) -> Call[models.Act]:
    return post(f"/v1/models/{model_id}/{name}", models.Act, {"reason": reason, **more}, key=key)


def create_webhook(url: str, events: list[str], *, key: str | None = None, **more: Any) -> Call[models.Webhook]:
    return post("/v1/webhooks", models.Webhook, {"url": url, "events": events, **more}, key=key)


def webhooks() -> Call[models.Webhook]:
    return get("/v1/webhooks", models.Webhook)


def delete_webhook(webhook_id: UUID | str) -> Call[models.Answer]:
    return Call("DELETE", f"/v1/webhooks/{webhook_id}", models.Answer)

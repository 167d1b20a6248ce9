"""Deliver alerts: a line in the log, and each webhook, at least once.

The message stays in its queue (in the embedded mode its row in the outbox) until every webhook has taken it. A webhook
that is away is waited for however long it takes; one that refuses the alert for good sends it to the dead queue.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential, wait_random

from services.notifier.posting import TIMEOUT_S, WebhookRefusedError, WebhookUnavailableError, post
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import AlertRaised
from shared.database.pool import Database
from shared.messaging.transaction import handling

log = structlog.get_logger(__name__)
CONSUMER = "alerts"
SIGNATURE_HEADER = "Punkcast-Signature"
ID_HEADER = "Punkcast-Alert-Id"
ATTEMPTS = 3
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


@dataclass(frozen=True)
class Webhooks:
    """Where alerts go; with a `secret` each request is signed."""

    urls: tuple[str, ...] = ()
    secret: str | None = None


def body_of(message: Envelope) -> bytes:
    """What a webhook receives: one flat JSON object. The same alert is the same bytes."""
    alert = message.data
    assert isinstance(alert, AlertRaised)
    fields = {"id": str(message.id), **alert.model_dump(mode="json")}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def signature(body: bytes, *, secret: str, at: int) -> str:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`: a receiver can refuse what is forged or old."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Alerts:
    """Tells people. An alert whose delivery was cut short is sent again, with the same id."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        webhooks: Webhooks,
        pause_s: float = 0.5,
    ) -> None:
        self._database = database
        self._clock = clock
        self._webhooks = webhooks
        self._pause_s = pause_s

    async def on_alert_raised(self, message: Envelope) -> None:
        """Log it and post it.

        Raises:
            WebhookUnavailableError: one of the webhooks is away. WebhookRefusedError: one refuses it.
        """
        alert = message.data
        assert isinstance(alert, AlertRaised)
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
            log.log(
                _LEVELS[alert.severity],
                "alert",
                id=str(message.id),
                kind=alert.kind,
                severity=alert.severity,
                summary=alert.summary,
                model=alert.model_id,
                decision=None if alert.decision_id is None else str(alert.decision_id),
            )
            await self._post(message, self._webhooks.urls)

    async def _post(self, message: Envelope, urls: Sequence[str]) -> None:
        if not urls:
            return
        body = body_of(message)
        failures: list[Exception] = []
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            for url in urls:
                try:
                    await self._deliver(client, url, message, body)
                except (WebhookUnavailableError, WebhookRefusedError) as error:
                    # The others still get theirs.
                    failures.append(error)
        if failures:
            raise next((e for e in failures if isinstance(e, WebhookUnavailableError)), failures[0])

    async def _deliver(self, client: httpx.AsyncClient, url: str, message: Envelope, body: bytes) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(WebhookUnavailableError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=self._pause_s, max=4 * self._pause_s) + wait_random(0, self._pause_s),
            reraise=True,
        ):
            with attempt:
                await self._try(client, url, message, body)

    async def _try(self, client: httpx.AsyncClient, url: str, message: Envelope, body: bytes) -> None:
        headers = {ID_HEADER: str(message.id)}
        if self._webhooks.secret is not None:
            at = int(self._clock.now().timestamp())
            headers[SIGNATURE_HEADER] = signature(body, secret=self._webhooks.secret, at=at)
        try:
            await post(client, url, body, headers)
        except WebhookRefusedError as error:
            text = f"{error}; check PUNKCAST_ALERT_WEBHOOK_URL and what it expects"
            raise WebhookRefusedError(text, error.answered) from error

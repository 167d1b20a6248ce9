"""Post what is due, at least once, with longer and longer pauses; a webhook that fails for days is switched off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import httpx
import structlog

from services.notifier import repository
from services.notifier.posting import TIMEOUT_S, WebhookRefusedError, WebhookUnavailableError, post
from services.notifier.repository import DueDelivery
from shared.clock import Clock
from shared.database.pool import AWAY, Database, DatabaseUnavailableError
from shared.webhooks import signing
from shared.webhooks.addresses import ForbiddenAddressError, UnresolvedError, resolve

log = structlog.get_logger(__name__)
PAUSES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""After each failed attempt, as Standard Webhooks proposes; then the delivery is given up."""
PATIENCE: Final = timedelta(days=5)
"""A webhook that took nothing for so long is disabled."""
AT_ONCE: Final = 20
TAKEN_FOR: Final = timedelta(minutes=2)
EVERY_S: Final = 2.0
GONE: Final = 410


class Deliveries:
    """Posts due deliveries. Several processes may run one each."""

    def __init__(
        self, *, database: Database, clock: Clock, private: bool, look: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """`look` comes before each round. `private`: webhooks may lead into the own network, and be plain http."""
        self._database = database
        self._clock = clock
        self._private = private
        self._look = look

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            try:
                more = await self.deliver_due()
            except (DatabaseUnavailableError, *AWAY) as error:
                log.warning("webhooks.waiting", reason=f"{type(error).__name__}: {error}")
                more = False
            if not more:
                await self._clock.sleep(EVERY_S)

    async def deliver_due(self) -> bool:
        """One round; whether there may be more at once."""
        if self._look is not None:
            await self._look()
        now = self._clock.now()
        async with self._database.connection() as connection:
            due = await repository.take(connection, at=now, until=now + TAKEN_FOR, limit=AT_ONCE)
        if due:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
                await asyncio.gather(*(self._deliver(client, one) for one in due))
        return len(due) == AT_ONCE

    async def _deliver(self, client: httpx.AsyncClient, due: DueDelivery) -> None:
        body = due.body.encode()
        at = int(self._clock.now().timestamp())
        headers = signing.headers(due.secret, delivery_id=str(due.delivery_id), at=at, body=body)
        try:
            target = await resolve(due.url, private=self._private)
            status = await post(client, due.url, body, headers, at=target)
        except (WebhookUnavailableError, WebhookRefusedError) as error:
            await self._failed(due, str(error), error.answered)
        except (ForbiddenAddressError, UnresolvedError) as error:
            await self._failed(due, str(error), None)
        else:
            async with self._database.transaction() as connection:
                await repository.delivered(connection, due, status=status, at=self._clock.now())

    async def _failed(self, due: DueDelivery, error: str, status: int | None) -> None:
        now = self._clock.now()
        again_at = None if due.attempts > len(PAUSES) else now + PAUSES[due.attempts - 1]
        async with self._database.transaction() as connection:
            since = await repository.failed(connection, due, error, status=status, at=now, again_at=again_at)
            if status == GONE or now - since >= PATIENCE:
                reason = f"{error}; failing since {since:%Y-%m-%d %H:%M} UTC"
                await repository.disable(connection, due.webhook_id, reason)
                log.warning("webhook.disabled", webhook=str(due.webhook_id), reason=reason)

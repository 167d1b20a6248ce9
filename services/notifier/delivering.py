"""Post due deliveries at least once, with growing pauses; disable a webhook that fails for days.

Each delivery is a task of its own, so none waits for another one's receiver. No database connection is held while a
receiver answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from services.notifier import deliveries, repository
from services.notifier.repository import DueDelivery, Shares
from services.notifier.sending import Sender, UndeliveredError
from shared.clock import Clock
from shared.database.pool import AWAY, Database, DatabaseUnavailableError
from shared.tasks import end
from shared.webhooks import CHALLENGE, SETTINGS

log = structlog.get_logger(__name__)
PAUSES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""After each failed attempt, as Standard Webhooks proposes; then the delivery is given up."""
PATIENCE: Final = timedelta(days=5)
"""A webhook that accepted nothing for this long is disabled."""
PROVE_WITHIN: Final = timedelta(days=1)
"""A webhook whose receiver answers no challenge for this long is disabled."""
SHARES: Final = Shares(
    places=100, for_well=50, per_host=4, burst=60, every_s=0.25, challenges=30, challenge_every_s=120.0
)
"""A key has at most 20 webhooks, and a webhook one place: no key has more than a fifth of the places."""
TAKEN_FOR: Final = timedelta(seconds=30)
"""A process that dies while it posts delays its deliveries by this; an attempt takes less."""
EVERY_S: Final = 2.0
TIMEOUT_S: Final = 5.0
"""Of an attempt: name, connection, TLS, request and answer together."""
GONE: Final = 410


class Deliveries:
    """Posts due deliveries. Several processes may run one each."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        private: bool,
        prepare: Callable[[], Awaitable[None]] | None = None,
        entered: asyncio.Event | None = None,
    ) -> None:
        """`prepare` runs before deliveries are taken; `entered` has them taken at once. `private`: keys' webhooks may
        be plain http and point to private networks. URLs in the settings always may.
        """
        self._database = database
        self._clock = clock
        self._private = private
        self._prepare = prepare
        self._wake = entered or asyncio.Event()
        self._sender = Sender()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled; retries while the database is away. Posts that are under way then may still end."""
        try:
            while True:
                try:
                    await self._take_due()
                except (DatabaseUnavailableError, *AWAY) as error:
                    log.warning("webhooks.waiting", reason=f"{type(error).__name__}: {error}")
                await self._pause()
        finally:
            await self._end(patiently=True)

    async def _pause(self) -> None:
        """Until something was entered or an attempt ended, at most `EVERY_S`."""
        waiting: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._clock.sleep(EVERY_S)),
            asyncio.create_task(self._wake.wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(waiting)
        self._wake.clear()

    async def _end(self, *, patiently: bool) -> None:
        """Each attempt ends by its deadline. One that is cancelled before is made again by another process."""
        try:
            if patiently and self._running:
                await asyncio.wait(self._running)
        finally:
            await end(self._running)
            await self._sender.close()

    async def deliver_due(self) -> None:
        """Until nothing more is due now."""
        try:
            while await self._take_due() or self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end(patiently=False)

    async def _take_due(self) -> int:
        """Start what is due and has a place; returns how many."""
        if self._prepare is not None:
            await self._prepare()
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await repository.lock(connection)
            await deliveries.challenge(connection, now)
            due = await repository.take(connection, SHARES, at=now, until=now + TAKEN_FOR, running=len(self._running))
        for delivery in due:
            task = asyncio.create_task(self._deliver(delivery))
            self._running.add(task)
            task.add_done_callback(self._done)
        return len(due)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def _deliver(self, due: DueDelivery) -> None:
        """An attempt whose outcome cannot be recorded is repeated after `TAKEN_FOR`."""
        try:
            await self._attempt(due)
        except (DatabaseUnavailableError, *AWAY) as error:
            log.warning("webhooks.waiting", reason=f"{type(error).__name__}: {error}")
        except Exception:
            log.exception("webhook.unrecorded", delivery=str(due.delivery_id))

    async def _attempt(self, due: DueDelivery) -> None:
        private = self._private or due.key_id == SETTINGS
        try:
            answer = await self._sender.post(due, private=private, at=self._clock.now(), within_s=TIMEOUT_S)
            if due.event == CHALLENGE and not deliveries.answers(answer.body, due.body):
                raise UndeliveredError("the webhook did not answer the challenge with its token", answer.status)
        except UndeliveredError as error:
            await self._failed(due, str(error), error.answered)
        except Exception as error:  # a receiver or URL of a kind that nobody thought of stops its own webhook only
            log.exception("webhook.failed", delivery=str(due.delivery_id))
            await self._failed(due, f"the webhook cannot be posted to: {type(error).__name__}", None)
        else:
            async with self._database.transaction() as connection:
                await repository.delivered(connection, due, status=answer.status, at=self._clock.now())
                if due.event == CHALLENGE:
                    await repository.proven(connection, due.webhook_id, at=self._clock.now())

    async def _failed(self, due: DueDelivery, error: str, status: int | None) -> None:
        now = self._clock.now()
        again_at = _again_at(due, now)
        async with self._database.transaction() as connection:
            since = await repository.failed(connection, due, error, status=status, at=now, again_at=again_at)
            unproven = due.event == CHALLENGE and again_at is None
            if status == GONE or now - since >= PATIENCE or unproven:
                reason = f"{error}; failing since {since:%Y-%m-%d %H:%M} UTC"
                await repository.disable(connection, due.webhook_id, reason)
                log.warning("webhook.disabled", webhook=str(due.webhook_id), reason=reason)


def _again_at(due: DueDelivery, now: datetime) -> datetime | None:
    """When to try again; None: give up. The last attempt of a challenge is when its time is over."""
    if due.attempts > len(PAUSES):
        return None
    again_at = now + PAUSES[due.attempts - 1]
    if due.event != CHALLENGE:
        return again_at
    last = due.created_at + PROVE_WITHIN
    return min(again_at, last) if now < last else None

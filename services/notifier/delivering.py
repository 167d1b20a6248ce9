"""Post due deliveries at least once, with growing pauses; disable a webhook that fails for days.

No database connection is held while a receiver answers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import structlog
from standardwebhooks import Webhook

from services.notifier import repository
from services.notifier.repository import DueDelivery
from shared.clock import Clock
from shared.database.pool import AWAY, Database, DatabaseUnavailableError
from shared.errors import TransientError
from shared.tasks import end
from shared.webhooks import SETTINGS
from shared.webhooks.addresses import ForbiddenAddressError, Target, UnresolvedError, resolve

log = structlog.get_logger(__name__)
PAUSES: Final = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""After each failed attempt, as Standard Webhooks proposes; then the delivery is given up."""
PATIENCE: Final = timedelta(days=5)
"""A webhook that accepted nothing for this long is disabled."""
AT_ONCE: Final = 20
TAKEN_FOR: Final = timedelta(seconds=30)
"""A process that dies while it posts delays its deliveries by this; a round takes less."""
EVERY_S: Final = 2.0
TIMEOUT_S: Final = 5.0
GONE: Final = 410


class UndeliveredError(TransientError):
    """The receiver did not answer (`answered` is None), or not with 2xx."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.answered = status


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
        """`prepare` runs before each round; `entered` starts one at once. `private`: keys' webhooks may be plain http
        and point to private networks. URLs in the settings always may.
        """
        self._database = database
        self._clock = clock
        self._private = private
        self._prepare = prepare
        self._entered = entered or asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; retries while the database is away."""
        while True:
            try:
                more = await self.deliver_due()
            except (DatabaseUnavailableError, *AWAY) as error:
                log.warning("webhooks.waiting", reason=f"{type(error).__name__}: {error}")
                more = False
            if not more:
                await self._pause()

    async def _pause(self) -> None:
        """Until something was entered, at most `EVERY_S`."""
        waiting: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._clock.sleep(EVERY_S)),
            asyncio.create_task(self._entered.wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(waiting)
        self._entered.clear()

    async def deliver_due(self) -> bool:
        """One round; returns whether more deliveries may be due now."""
        if self._prepare is not None:
            await self._prepare()
        now = self._clock.now()
        async with self._database.connection() as connection:
            due = await repository.take(connection, at=now, until=now + TAKEN_FOR, limit=AT_ONCE)
        if due:
            async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
                await asyncio.gather(*(self._deliver(client, delivery) for delivery in due))
        return len(due) == AT_ONCE

    async def _deliver(self, client: httpx.AsyncClient, due: DueDelivery) -> None:
        try:
            target = await resolve(due.url, private=self._private or due.key_id == SETTINGS)
            status = await post(client, due, target, at=self._clock.now())
        except UndeliveredError as error:
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


async def post(client: httpx.AsyncClient, due: DueDelivery, target: Target, *, at: datetime) -> int:
    """Post a delivery, signed for the attempt at `at` (UTC), and return the status, 200 to 299.

    The connection goes to the target's address, while the certificate must be the host's. The body of the answer is
    not read, and a redirect is not followed.

    Raises:
        UndeliveredError: no answer within 5 s, or another status. The text names the host alone, because the path of
            a webhook may be a password.
    """
    url = httpx.URL(due.url)
    request = client.build_request(
        "POST",
        url.copy_with(host=target.address),
        content=due.body.encode(),
        headers={
            "Content-Type": "application/json",
            "Host": url.netloc.decode(),
            "webhook-id": str(due.delivery_id),
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(due.secret).sign(str(due.delivery_id), at, due.body),
        },
        extensions={"sni_hostname": target.host},
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await client.send(request, stream=True)
            await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise UndeliveredError(f"the webhook at {url.host} does not answer: {type(error).__name__}") from error
    if not answer.is_success:
        raise UndeliveredError(f"the webhook at {url.host} answered {answer.status_code}", answer.status_code)
    return answer.status_code

"""The interface between a service and the process that runs it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.messaging.bus import Handle, Subscription
from shared.runtime.platform import Platform


class Service(Protocol):
    """Built by `services/<name>/bootstrap.py` from a platform."""

    @property
    def name(self) -> str: ...

    def subscriptions(self) -> Sequence[Subscription]:
        """The queues that it consumes; empty for a service without messages."""

    async def background(self) -> None:
        """Background loops, until cancelled. Returns at once if there are none."""

    async def drain(self) -> None:
        """Do the due work and return (`--once`, for CronJobs)."""


class MessageService:
    """A service with one queue and one handler per message type.

    Args:
        consumer: name of the queue and of its inbox entries.
        name: name of the service in logs and metrics, if it differs from `consumer`.
        background: a background loop, if any.
        drain: work that is due without a message, if any.
        additional: further queues of the same process.
    """

    def __init__(
        self,
        consumer: str,
        handlers: Mapping[type[Payload], Handle],
        *,
        name: str | None = None,
        background: Callable[[], Awaitable[object]] | None = None,
        drain: Callable[[], Awaitable[object]] | None = None,
        additional: Sequence[Subscription] = (),
    ) -> None:
        self.name = name or consumer
        self._consumer = consumer
        self._handlers = dict(handlers)
        self._background = background
        self._drain = drain
        self._additional = tuple(additional)

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(self._consumer, tuple(self._handlers), self._dispatch), *self._additional]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        if self._background is not None:
            await self._background()

    async def drain(self) -> None:
        if self._drain is not None:
            await self._drain()


Build = Callable[[Platform], Service]

"""What a service is to the process that runs it."""

from __future__ import annotations

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
        """What it listens to; empty for a service that only acts by itself."""

    async def background(self) -> None:
        """Loops besides consuming. Ends when cancelled; returns at once when there are none."""

    async def drain(self) -> None:
        """Do what is due now and return (`--once`, for CronJobs)."""


class MessageService:
    """A service with a handler per message type, all from one queue.

    Args:
        consumer: names the queue, and the inbox entries of what was handled.
        name: of the service in logs and metrics, if its queue has another.
        background: a loop besides consuming, if it has one.
        drain: what is due without a message, if anything.
        beside: further queues that the same process consumes.
    """

    def __init__(
        self,
        consumer: str,
        handlers: Mapping[type[Payload], Handle],
        *,
        name: str | None = None,
        background: Callable[[], Awaitable[object]] | None = None,
        drain: Callable[[], Awaitable[object]] | None = None,
        beside: Sequence[Subscription] = (),
    ) -> None:
        self.name = name or consumer
        self._consumer = consumer
        self._handlers = dict(handlers)
        self._background = background
        self._drain = drain
        self._beside = tuple(beside)

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(self._consumer, tuple(self._handlers), self._dispatch), *self._beside]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        if self._background is not None:
            await self._background()

    async def drain(self) -> None:
        if self._drain is not None:
            await self._drain()


Build = Callable[[Platform], Service]

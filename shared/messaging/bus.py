"""What a message bus promises, whichever carries it.

- At-least-once: a handler that returns acknowledges; `TransientError` (or any unexpected exception) means
  another try after the next retry delay; `PermanentError`, or the last retry used up, means the dead queue
  with the reason. An outage of the database or the object store never uses up the retries: the message
  waits as long as the outage lasts.
- A subscription is one durable queue shared by all replicas of a service: each message goes to one of them.
- `publish` returns when the broker has taken responsibility for the message (publisher confirm), and fails
  when it is routable nowhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.errors import PermanentError, TransientError

Handle = Callable[[Envelope], Awaitable[None]]

RETRY_DELAYS: tuple[timedelta, ...] = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))


class BusUnavailableError(TransientError):
    """The broker is away or refused the message; nothing was published that it has confirmed."""


class UnroutableError(PermanentError):
    """No queue is bound to the routing key, so the broker would have dropped the message."""


@dataclass(frozen=True)
class Subscription:
    """One durable queue: `consumer` names it (and is the inbox key); it receives the given message types."""

    consumer: str
    types: Sequence[type[Payload]]
    handle: Handle
    concurrency: int = 1


@dataclass(frozen=True)
class DeadLetter:
    """A message that nobody could handle, with why."""

    body: bytes
    consumer: str
    reason: str
    attempt: int
    first_failed_at: datetime


class Bus(Protocol):
    """Publish and consume envelopes."""

    async def subscribe(self, subscription: Subscription) -> None:
        """Declare the queue and its bindings, and register the handler. Consuming starts with `start`."""

    async def declare(self, consumer: str, types: Sequence[type[Payload]]) -> None:
        """Declare a queue without consuming, so that messages wait for a consumer that is not up yet."""

    async def start(self) -> None: ...

    async def publish(self, envelope: Envelope) -> None:
        """Hand over one message. Raises BusUnavailableError, or UnroutableError when no queue wants it."""

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        """Publish bytes as they are (tests, handing dead letters back). Raises as `publish` does."""

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Look at the dead queue without emptying it."""

    async def stop_consuming(self, grace_s: float = 20.0) -> None:
        """Take no more messages, let handlers finish for up to `grace_s`, give the rest back.

        Publishing still works, so that the relay can send what those handlers wrote.
        """

    async def stop(self, grace_s: float = 20.0) -> None:
        """`stop_consuming`, then close."""

    @property
    def healthy(self) -> bool:
        """Connected, with every subscription attached to a consumer."""


@runtime_checkable
class Volatile(Protocol):
    """A bus that forgets its messages with the process: the outbox keeps their rows until settled."""

    def unsettled(self) -> Set[UUID]:
        """Ids of the published messages that some queue has not yet handled or given up."""

"""The guarantees of a message bus, for every implementation.

- Delivery is at least once. A handler that returns acknowledges its message.
- `TransientError` or an unexpected exception leads to a retry after the next delay. `PermanentError`, or the failure of
  the last retry, moves the message to the dead-letter queue, with the reason.
- An outage of the database or the object store never uses up the retries: the message waits until the outage ends.
- A subscription is one durable queue shared by all replicas of a service. Each message goes to one replica.
- `publish` returns after the broker's confirmation, and fails if no queue is bound to the routing key.
"""

from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, Protocol, Self, runtime_checkable
from uuid import UUID

from shared.contracts.envelope import MAX_BYTES, Envelope
from shared.contracts.messages import Payload
from shared.errors import PermanentError, TransientError

Handle = Callable[[Envelope], Awaitable[None]]

RETRY_DELAYS: tuple[timedelta, ...] = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))


class BusUnavailableError(TransientError):
    """The broker is unavailable or refused the message. It has confirmed nothing."""


class QueueFullError(BusUnavailableError):
    """The broker refused this message: a queue that is bound to the routing key is at its limit."""


class UnroutableError(PermanentError):
    """No queue is bound to the routing key, so the broker would drop the message."""


LARGEST_BODY: Final = 2 << 20
"""Bytes that the broker takes: `max_message_size` in `deploy/rabbitmq/rabbitmq.conf`."""


class TooLargeError(PermanentError):
    """The broker takes no such body."""


def require_size(body: bytes) -> None:
    """Raises TooLargeError. The broker itself would close the channel, under other messages too."""
    if len(body) > LARGEST_BODY:
        raise TooLargeError(f"{len(body)} bytes exceed the broker's limit of {LARGEST_BODY}; send files as object keys")


@dataclass(frozen=True)
class Subscription:
    """One durable queue for the given message types. `consumer` is its name and the inbox key."""

    consumer: str
    types: Sequence[type[Payload]]
    handle: Handle
    concurrency: int = 1


KEPT_OF_CUT: Final = 64 * 1024
"""Bytes that a dead letter keeps of a body above the limit."""


@dataclass(frozen=True)
class Cut:
    """Length in bytes and SHA-256 of a body of which a dead letter keeps only the beginning."""

    length: int
    sha256: str

    @classmethod
    def of(cls, body: bytes) -> Self | None:
        """None for a body within the limit, which is kept whole."""
        return cls(len(body), sha256(body).hexdigest()) if len(body) > MAX_BYTES else None


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be handled, with the reason."""

    body: bytes
    consumer: str
    reason: str
    attempt: int
    first_failed_at: datetime
    cut: Cut | None = None


Fate = Literal["keep", "remove", "stop"]
Judge = Callable[[DeadLetter], Awaitable[Fate]]


class Bus(Protocol):
    """Publish and consume envelopes."""

    async def subscribe(self, subscription: Subscription) -> None:
        """Declare the queue and its bindings, and register the handler. `start` starts consuming."""

    async def declare(self, consumer: str, types: Sequence[type[Payload]]) -> None:
        """Declare a queue without consuming: messages wait in it until the consumer starts."""

    async def start(self) -> None: ...

    async def publish(self, envelope: Envelope) -> None:
        """Publish one message.

        Raises:
            BusUnavailableError: no confirmation; as QueueFullError, only this message was refused.
            UnroutableError: no queue is bound.
            TooLargeError: the body is above `LARGEST_BODY`.
        """

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        """Publish raw bytes (tests, replay of dead letters). Raises the errors of `publish`."""

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Read the dead-letter queue without emptying it."""

    async def sift(self, judge: Judge) -> None:
        """Show the dead letters to `judge`, one at a time, and remove those that it says; `stop` keeps all others.

        Whoever dies while it sifts may have left some that are to be removed.
        """

    async def hand(self, consumer: str, body: bytes) -> None:
        """Put a message into one consumer's queue. Raises the errors of `publish`."""

    async def stop_consuming(self, grace_s: float = 20.0) -> None:
        """Stop consuming; let handlers finish for up to `grace_s`, then requeue the rest.

        Publishing still works, so the relay can send the messages of those handlers.
        """

    async def stop(self, grace_s: float = 20.0) -> None:
        """`stop_consuming`, then close."""

    @property
    def healthy(self) -> bool:
        """Whether the bus is connected and every subscription is consuming."""


@runtime_checkable
class Volatile(Protocol):
    """A bus that loses its messages with the process. The outbox keeps their rows until they are settled."""

    def unsettled(self) -> Set[UUID]:
        """Ids of published messages that some queue has neither handled nor declared dead."""

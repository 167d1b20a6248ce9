"""The in-process bus: RabbitMQ's semantics without a server.

Bodies are encoded and decoded as on the wire, so contracts are exercised. Delivery is either deterministic
and inline (`run_until_idle`, for replays and tests) or by consumer tasks (`start`, for the embedded mode).
What it carries dies with the process; it says so by `unsettled`, and the relay keeps the outbox rows of
unsettled messages.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.messaging.bus import RETRY_DELAYS, DeadLetter, Subscription, UnroutableError
from shared.messaging.delivery import Outcome, deliver
from shared.messaging.topology import AUDIT, AUDIT_LENGTH
from shared.tasks import end
from shared.telemetry import metrics

# How long a consumer task sleeps at most before it looks at the clock again.
_PATIENCE_S = 0.25


@dataclass(frozen=True)
class _Delivery:
    order: int
    body: bytes
    message_id: UUID | None
    attempt: int = 1
    due: datetime | None = None
    first_failed_at: datetime | None = None


@dataclass
class _Queue:
    name: str
    keys: set[str] = field(default_factory=set)
    ready: deque[_Delivery] = field(default_factory=deque)
    delayed: list[_Delivery] = field(default_factory=list)


class MemoryBroker:
    """Queues and dead letters. Buses that share one are replicas on the same broker."""

    def __init__(self, clock: Clock, *, delays: Sequence[timedelta] = RETRY_DELAYS) -> None:
        self.clock = clock
        self.delays = tuple(delays)
        self.queues: dict[str, _Queue] = {}
        self.dead: list[DeadLetter] = []
        self.arrived = asyncio.Condition()
        self.pending: Counter[UUID] = Counter()
        self._order = count()

    def declare(self, name: str, keys: Sequence[str]) -> _Queue:
        queue = self.queues.setdefault(name, _Queue(name))
        queue.keys.update(keys)
        return queue

    def route(self, key: str, body: bytes, message_id: UUID | None) -> None:
        takers = [queue for queue in self.queues.values() if key in queue.keys]
        if not takers:
            raise UnroutableError(f"no queue is bound to {key!r}; declare the platform's queues before publishing")
        delivery = _Delivery(next(self._order), body, message_id)
        for queue in takers:
            queue.ready.append(delivery)
            if queue.name == AUDIT:
                while len(queue.ready) > AUDIT_LENGTH:
                    queue.ready.popleft()
            elif message_id is not None:
                self.pending[message_id] += 1

    def take(self, queue: _Queue) -> _Delivery | None:
        """The next message of `queue` that is due."""
        self._ripen(queue)
        return queue.ready.popleft() if queue.ready else None

    def peek(self, queue: _Queue) -> _Delivery | None:
        self._ripen(queue)
        return queue.ready[0] if queue.ready else None

    def give_back(self, queue: _Queue, delivery: _Delivery) -> None:
        queue.ready.appendleft(delivery)

    def settle(self, queue: _Queue, delivery: _Delivery, outcome: Outcome) -> None:
        now = self.clock.now()
        first_failed_at = delivery.first_failed_at or now
        if outcome.kind == "retry":
            queue.delayed.append(
                replace(
                    delivery,
                    attempt=delivery.attempt + 1,
                    due=now + self.delays[outcome.tier],
                    first_failed_at=first_failed_at,
                )
            )
            return
        if outcome.kind == "dead":
            metrics.DEAD_LETTERS.labels(queue.name).inc()
            self.dead.append(DeadLetter(delivery.body, queue.name, outcome.reason, delivery.attempt, first_failed_at))
        if delivery.message_id is not None:
            self.pending[delivery.message_id] -= 1
            if self.pending[delivery.message_id] <= 0:
                del self.pending[delivery.message_id]

    def _ripen(self, queue: _Queue) -> None:
        if not queue.delayed:
            return
        now = self.clock.now()
        ripe = [delivery for delivery in queue.delayed if delivery.due is not None and delivery.due <= now]
        if ripe:
            queue.delayed = [delivery for delivery in queue.delayed if delivery not in ripe]
            queue.ready.extend(sorted(ripe, key=lambda delivery: (delivery.due, delivery.order)))


class MemoryBus:
    """A `Bus` within the process. With `broker`, a replica beside the other buses on it."""

    def __init__(
        self, clock: Clock, *, delays: Sequence[timedelta] = RETRY_DELAYS, broker: MemoryBroker | None = None
    ) -> None:
        self._broker = broker or MemoryBroker(clock, delays=delays)
        self._subscriptions: list[Subscription] = []
        self._consumers: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def subscribe(self, subscription: Subscription) -> None:
        await self.declare(subscription.consumer, subscription.types)
        self._subscriptions.append(subscription)

    async def declare(self, consumer: str, types: Sequence[type[Payload]]) -> None:
        self._broker.declare(consumer, [message.TYPE for message in types])

    async def start(self) -> None:
        self._stopping = False
        for subscription in self._subscriptions:
            for _ in range(subscription.concurrency):
                self._consumers.append(asyncio.create_task(self._consume(subscription)))

    async def publish(self, envelope: Envelope) -> None:
        await self._put(envelope.type, envelope.encode(), envelope.id)

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        await self._put(routing_key, body, None)

    async def _put(self, routing_key: str, body: bytes, message_id: UUID | None) -> None:
        self._broker.route(routing_key, body, message_id)
        async with self._broker.arrived:
            self._broker.arrived.notify_all()

    async def run_until_idle(self) -> int:
        """Deliver inline, oldest message first (ties in subscription order), until nothing is due.

        Deterministic: nothing runs beside it. Delayed retries become due by the clock.

        Returns:
            How many deliveries were made.
        """
        delivered = 0
        while (found := self._oldest()) is not None:
            subscription, queue, delivery = found
            queue.ready.popleft()
            await self._handle(subscription, queue, delivery)
            delivered += 1
        return delivered

    def _oldest(self) -> tuple[Subscription, _Queue, _Delivery] | None:
        found: tuple[Subscription, _Queue, _Delivery] | None = None
        for subscription in self._subscriptions:
            queue = self._broker.queues[subscription.consumer]
            delivery = self._broker.peek(queue)
            if delivery is not None and (found is None or delivery.order < found[2].order):
                found = (subscription, queue, delivery)
        return found

    def unsettled(self) -> Set[UUID]:
        return self._broker.pending.keys()

    def waiting(self, consumer: str) -> int:
        """How many messages lie in a queue, delayed ones included."""
        queue = self._broker.queues[consumer]
        return len(queue.ready) + len(queue.delayed)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        return self._broker.dead[:limit]

    async def stop_consuming(self, grace_s: float = 20.0) -> None:
        self._stopping = True
        for task in self._consumers:
            if task not in self._busy:
                task.cancel()
        if self._busy:
            await asyncio.wait(tuple(self._busy), timeout=grace_s)
        await end(self._consumers)
        self._consumers.clear()

    async def stop(self, grace_s: float = 20.0) -> None:
        await self.stop_consuming(grace_s)

    @property
    def healthy(self) -> bool:
        wanted = sum(subscription.concurrency for subscription in self._subscriptions)
        return len(self._consumers) == wanted and not any(task.done() for task in self._consumers)

    async def _consume(self, subscription: Subscription) -> None:
        queue = self._broker.queues[subscription.consumer]
        this = asyncio.current_task()
        assert this is not None
        while not self._stopping:
            delivery = self._broker.take(queue)
            if delivery is None:
                await self._wait_for_arrival()
                continue
            self._busy.add(this)
            try:
                await self._handle(subscription, queue, delivery)
            finally:
                self._busy.discard(this)

    async def _wait_for_arrival(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S), self._broker.arrived:
                await self._broker.arrived.wait()

    async def _handle(self, subscription: Subscription, queue: _Queue, delivery: _Delivery) -> None:
        try:
            outcome = await deliver(
                subscription,
                delivery.body,
                attempt=delivery.attempt,
                retries=len(self._broker.delays),
                now=self._broker.clock.now(),
            )
        except BaseException:
            self._broker.give_back(queue, delivery)
            raise
        self._broker.settle(queue, delivery, outcome)

"""The in-process bus: RabbitMQ's semantics without a server.

Bodies are encoded and decoded as on the wire, so contracts are exercised. Replays and tests use deterministic inline
delivery (`run_until_idle`); the embedded mode uses consumer tasks (`start`). Messages are lost with the process, so the
relay keeps the outbox rows of `unsettled` messages.
"""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, islice
from uuid import UUID

from shared.clock import Clock
from shared.contracts.envelope import Envelope, MalformedMessageError, decode
from shared.contracts.messages import Payload
from shared.messaging.bus import (
    KEPT_OF_CUT,
    RETRY_DELAYS,
    Cut,
    DeadLetter,
    Judge,
    Subscription,
    UnroutableError,
    require_size,
)
from shared.messaging.dead_letter_file import DeadLetterFile
from shared.messaging.delivery import Outcome, Refusals, deliver
from shared.messaging.topology import AUDIT, AUDIT_LENGTH, DEAD_LENGTH
from shared.tasks import end
from shared.telemetry import metrics

# A consumer task checks the clock for due retries at least this often.
_LONGEST_WAIT_S = 0.25


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
    """Queues and dead letters. Buses that share a broker are replicas of each other.

    `kept`: where dead letters are written, too.
    """

    def __init__(
        self, clock: Clock, *, delays: Sequence[timedelta] = RETRY_DELAYS, kept: DeadLetterFile | None = None
    ) -> None:
        self.kept = kept
        self.clock = clock
        self.delays = tuple(delays)
        self.queues: dict[str, _Queue] = {}
        self.dead: deque[DeadLetter] = deque(maxlen=DEAD_LENGTH)
        self.arrived = asyncio.Condition()
        self.pending: Counter[UUID] = Counter()
        self._order = count()

    def declare(self, name: str, keys: Sequence[str]) -> _Queue:
        queue = self.queues.setdefault(name, _Queue(name))
        queue.keys.update(keys)
        return queue

    def route(self, key: str, body: bytes, message_id: UUID | None) -> None:
        bound = [queue for queue in self.queues.values() if key in queue.keys]
        if not bound:
            raise UnroutableError(f"no queue is bound to {key!r}; declare the platform's queues before publishing")
        delivery = _Delivery(next(self._order), body, message_id)
        for queue in bound:
            queue.ready.append(delivery)
            if queue.name == AUDIT:
                while len(queue.ready) > AUDIT_LENGTH:
                    queue.ready.popleft()
            elif message_id is not None:
                self.pending[message_id] += 1

    def hand(self, consumer: str, body: bytes, message_id: UUID | None) -> None:
        if consumer not in self.queues:
            raise UnroutableError(f"there is no queue of {consumer!r}")
        self.queues[consumer].ready.append(_Delivery(next(self._order), body, message_id))
        if message_id is not None:
            self.pending[message_id] += 1

    def peek(self, queue: _Queue) -> _Delivery | None:
        """The next due message of `queue`, which stays there."""
        if queue.delayed:
            now = self.clock.now()
            due = [delivery for delivery in queue.delayed if delivery.due is not None and delivery.due <= now]
            queue.delayed = [delivery for delivery in queue.delayed if delivery not in due]
            queue.ready.extend(sorted(due, key=lambda delivery: (delivery.due, delivery.order)))
        return queue.ready[0] if queue.ready else None

    def settle(self, queue: _Queue, delivery: _Delivery, outcome: Outcome) -> None:
        now = self.clock.now()
        first_failed_at = delivery.first_failed_at or now
        if outcome.kind == "retry":
            queue.delayed.append(
                replace(
                    delivery,
                    attempt=delivery.attempt + outcome.counts,
                    due=now + self.delays[outcome.tier],
                    first_failed_at=first_failed_at,
                )
            )
            return
        if outcome.kind == "dead":
            metrics.DEAD_LETTERS.labels(queue.name).inc()
            cut = Cut.of(delivery.body)
            body = delivery.body if cut is None else delivery.body[:KEPT_OF_CUT]
            letter = DeadLetter(body, queue.name, outcome.reason, delivery.attempt, first_failed_at, cut)
            if self.kept is None:
                self.dead.append(letter)
            else:
                self.kept.append(letter)
        if delivery.message_id is not None:
            self.pending[delivery.message_id] -= 1
            if self.pending[delivery.message_id] <= 0:
                del self.pending[delivery.message_id]


class MemoryBus:
    """A `Bus` within the process; a replica of the other buses on the same `broker`."""

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
        require_size(body)
        self._broker.route(routing_key, body, message_id)
        async with self._broker.arrived:
            self._broker.arrived.notify_all()

    async def run_until_idle(self) -> int:
        """Deliver inline until nothing is due: oldest message first, ties in subscription order.

        Deterministic, because nothing runs concurrently. The clock decides when retries are due.

        Returns:
            The number of deliveries.
        """
        delivered = 0
        while (oldest := self._oldest()) is not None:
            subscription, queue, delivery = oldest
            queue.ready.popleft()
            await self._handle(subscription, queue, delivery)
            delivered += 1
        return delivered

    def _oldest(self) -> tuple[Subscription, _Queue, _Delivery] | None:
        oldest: tuple[Subscription, _Queue, _Delivery] | None = None
        for subscription in self._subscriptions:
            queue = self._broker.queues[subscription.consumer]
            delivery = self._broker.peek(queue)
            if delivery is not None and (oldest is None or delivery.order < oldest[2].order):
                oldest = (subscription, queue, delivery)
        return oldest

    def unsettled(self) -> Set[UUID]:
        return self._broker.pending.keys()

    def waiting(self, consumer: str) -> int:
        """The number of messages in a queue, including delayed ones."""
        queue = self._broker.queues[consumer]
        return len(queue.ready) + len(queue.delayed)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        if self._broker.kept is not None:
            return self._broker.kept.read(limit)
        return list(islice(self._broker.dead, limit))

    async def sift(self, judge: Judge) -> None:
        if self._broker.kept is not None:
            return await self._broker.kept.sift(judge)
        for letter in tuple(self._broker.dead):
            fate = await judge(letter)
            if fate == "stop":
                return None
            if fate == "remove":
                self._broker.dead.remove(letter)
        return None

    async def hand(self, consumer: str, body: bytes) -> None:
        try:
            message_id = decode(body).id
        except MalformedMessageError:
            message_id = None
        require_size(body)
        self._broker.hand(consumer, body, message_id)
        async with self._broker.arrived:
            self._broker.arrived.notify_all()

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
        expected = sum(subscription.concurrency for subscription in self._subscriptions)
        return len(self._consumers) == expected and not any(task.done() for task in self._consumers)

    async def _consume(self, subscription: Subscription) -> None:
        queue = self._broker.queues[subscription.consumer]
        this = asyncio.current_task()
        assert this is not None
        while not self._stopping:
            delivery = self._broker.peek(queue)
            if delivery is None:
                await self._wait_for_arrival()
                continue
            queue.ready.popleft()
            self._busy.add(this)
            try:
                await self._handle(subscription, queue, delivery)
            finally:
                self._busy.discard(this)

    async def _wait_for_arrival(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT_S), self._broker.arrived:
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
            queue.ready.appendleft(delivery)
            raise
        self._broker.settle(queue, delivery, outcome)
        if outcome.junk:
            refusals = Refusals(subscription.consumer)
            refusals.add(outcome)
            refusals.log()

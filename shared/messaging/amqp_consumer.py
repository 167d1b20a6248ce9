"""One subscription on RabbitMQ: takes messages, hands them to the handler and settles them.

A malformed message costs two rounds of the broker's consensus: its delivery, and its copy in the dead-letter queue. If
a tick waited for thousands of such rounds, one after another, nowcasts would be late. So after a second malformed
message in a row, the consumer fetches messages in several lanes at once, until one is not malformed. The handler still
gets one at a time. A large prefetch would do harm: it holds messages for the handler, which return when a process
stops, and RabbitMQ 3.10 counts each return towards the delivery limit.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustQueue

from shared.clock import Clock
from shared.messaging.amqp_layout import Layout
from shared.messaging.amqp_link import LOST, RECONNECT_S, Link
from shared.messaging.amqp_message import History, failed_copy, sender_of
from shared.messaging.bus import BusUnavailableError, Subscription, UnroutableError
from shared.messaging.delivery import Outcome, Refusals, deliver
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

LANES: Final = 16
"""Messages that are fetched at once while messages are malformed: so many are in memory at most."""


class Burst:
    """Malformed messages in a row, worked off in lanes. `slot`: one message at a time is with the handler."""

    def __init__(self, consumer: str) -> None:
        self.refusals = Refusals(consumer)
        self.slot = asyncio.Lock()
        self.over = False


@dataclass(eq=False)
class Consumer:
    """A channel with prefetch = concurrency, and the messages that are being handled."""

    subscription: Subscription
    channel: AbstractRobustChannel
    queue: AbstractRobustQueue
    link: Link
    layout: Layout
    clock: Clock
    tag: str | None = None
    stopping: bool = False
    in_flight: set[asyncio.Task[object]] = field(default_factory=set)
    last_was_junk: bool = False

    async def start(self) -> None:
        self.stopping = False
        if self.tag is None:
            self.tag = await self.queue.consume(self._on_message)

    async def cancel(self) -> None:
        """The broker pushes no further message. `in_flight` may go on."""
        if self.tag is not None:
            # Without a connection this only keeps the client library from restoring the consumer.
            with contextlib.suppress(*LOST):
                async with asyncio.timeout(5.0 if self.link.up else 0.1):
                    await self.queue.cancel(self.tag)
            self.tag = None

    async def _on_message(self, pushed: AbstractIncomingMessage) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.in_flight.add(task)
        burst = Burst(self.subscription.consumer)
        try:
            async with self._returned_on_failure(pushed):
                if self.stopping:
                    await pushed.nack(requeue=True)
                    return
                outcome = await self._handle(pushed)
                await self._copy(pushed, outcome)
                if outcome.junk:
                    burst.refusals.add(outcome)
                    if self.last_was_junk:
                        await self._work_off(burst)
                self.last_was_junk = outcome.junk and not burst.over
                # Only now: an acknowledgement makes the broker push another message beside those in the lanes.
                await pushed.ack()
        finally:
            burst.refusals.log()
            self.in_flight.discard(task)

    async def _work_off(self, burst: Burst) -> None:
        """Settle messages until one is not malformed or none is left."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane(burst))

    async def _lane(self, burst: Burst) -> None:
        with contextlib.suppress(*LOST, BusUnavailableError):
            session = await self.link.session()
            async with session.connection.channel() as channel:
                queue = await channel.get_queue(self.queue.name, ensure=False)
                while not (burst.over or self.stopping):
                    # No time limit: the message of a later answer would stay here until the channel closes.
                    message = await queue.get(fail=False, timeout=None)
                    if message is None:
                        burst.over = True
                        return
                    async with self._returned_on_failure(message):
                        await self._settle(message, burst)

    async def _settle(self, message: AbstractIncomingMessage, burst: Burst) -> None:
        async with burst.slot:
            if self.stopping:
                await message.nack(requeue=True)
                return
            outcome = await self._handle(message)
            if not outcome.junk:
                burst.over = True
                await self._copy(message, outcome)
                await message.ack()
                return
        burst.refusals.add(outcome)
        await self._copy(message, outcome)
        await message.ack()

    async def _handle(self, message: AbstractIncomingMessage) -> Outcome:
        return await deliver(
            self.subscription,
            message.body,
            attempt=History.of(message.headers).attempt,
            retries=len(self.layout.delays),
            now=self.clock.now(),
            sender=self._sender(message),
        )

    async def _copy(self, message: AbstractIncomingMessage, outcome: Outcome) -> None:
        """Put a failed message into the queue where it belongs, and wait for the confirmation."""
        if outcome.kind == "done":
            return
        consumer = self.subscription.consumer
        copy = failed_copy(
            message,
            History.of(message.headers),
            outcome,
            now=self.clock.now(),
            consumer=consumer,
            sender=self._sender(message),
        )
        session = await self.link.session()
        if outcome.kind == "retry":
            await self.link.publish(session.retry, copy, self.layout.retry_queue(consumer, outcome.tier))
        else:
            await self.link.publish(session.dead, copy, "")
            metrics.DEAD_LETTERS.labels(consumer).inc()

    def _sender(self, message: AbstractIncomingMessage) -> str | None:
        return sender_of(message, trusted=("", self.layout.retry))

    @contextlib.asynccontextmanager
    async def _returned_on_failure(self, message: AbstractIncomingMessage) -> AsyncIterator[None]:
        consumer = self.subscription.consumer
        try:
            yield
        except asyncio.CancelledError:
            # Either the grace is over, or the connection is lost and the broker redelivers.
            if self.stopping:
                with contextlib.suppress(*LOST):
                    await message.nack(requeue=True)
            raise
        except (BusUnavailableError, UnroutableError) as error:
            log.warning("requeueing a failed message", consumer=consumer, reason=str(error))
            await asyncio.sleep(RECONNECT_S)
            with contextlib.suppress(*LOST):
                await message.reject(requeue=True)
        except LOST as error:
            log.warning(
                "could not acknowledge, the broker will redeliver",
                consumer=consumer,
                reason=f"{type(error).__name__}: {error}",
            )

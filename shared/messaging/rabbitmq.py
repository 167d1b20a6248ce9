"""The bus on RabbitMQ. `amqp_layout` has names and queue arguments, `amqp_message` message properties."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aio_pika
import aiormq
import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustQueue

from shared.clock import Clock, SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.errors import PermanentError
from shared.messaging.amqp_layout import Layout
from shared.messaging.amqp_link import LOST, RECONNECT_S, Link, Session
from shared.messaging.amqp_message import History, dead_letter, failed_copy, from_bytes, from_envelope, sender_of
from shared.messaging.bus import (
    RETRY_DELAYS,
    BusUnavailableError,
    DeadLetter,
    Fate,
    Judge,
    Subscription,
    UnroutableError,
)
from shared.messaging.delivery import Outcome, deliver
from shared.tasks import end
from shared.telemetry import metrics

log = structlog.get_logger(__name__)


@dataclass
class _Consumer:
    subscription: Subscription
    channel: AbstractRobustChannel
    queue: AbstractRobustQueue
    tag: str | None = None


class RabbitBus:
    """A `Bus` on RabbitMQ.

    Publishing has its own channel (confirms, mandatory). Each subscription has a channel with prefetch = concurrency.
    Declaring and subscribing retry until the broker is available; publishing raises BusUnavailableError. The
    connection, the queues and the consumers recover after an outage.

    Args:
        url: `amqp://user:password@host:port/vhost`.
        prefix: first part of every exchange and queue name.
        delays: retry tiers; each consumer has one queue per tier.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        clock: Clock | None = None,
        delays: Sequence[timedelta] = RETRY_DELAYS,
    ) -> None:
        self._clock = clock or SystemClock()
        self._layout = Layout(prefix, delays)
        self._link = Link(url, self._layout)
        self._consumers: list[_Consumer] = []
        self._in_flight: set[asyncio.Task[object]] = set()
        self._stopping = False
        self._attached = False
        self._watch_task: asyncio.Task[None] | None = None

    async def declare(self, consumer: str, types: Sequence[type[Payload]]) -> None:
        async def declare(session: Session) -> None:
            await self._layout.declare(session.channel, consumer, [message.TYPE for message in types])

        await self._link.retry_until_available(declare)

    async def subscribe(self, subscription: Subscription) -> None:
        async def subscribe(session: Session) -> None:
            channel = await session.connection.channel()
            assert isinstance(channel, AbstractRobustChannel)
            await channel.set_qos(prefetch_count=subscription.concurrency)
            # Declare on the consuming channel: if somebody deletes the queue, the client library redeclares what the
            # cancelled consumer's channel has declared.
            keys = [message.TYPE for message in subscription.types]
            queue = await self._layout.declare(channel, subscription.consumer, keys)
            self._consumers.append(_Consumer(subscription, channel, queue))

        await self._link.retry_until_available(subscribe)

    async def start(self) -> None:
        self._stopping = False

        async def consume(_: Session) -> None:
            for consumer in self._consumers:
                if consumer.tag is None:
                    on_message = partial(self._on_message, consumer.subscription)
                    consumer.tag = await consumer.queue.consume(on_message)

        await self._link.retry_until_available(consume)
        self._attached = True
        if self._watch_task is None:
            self._watch_task = asyncio.create_task(self._watch())

    async def publish(self, envelope: Envelope) -> None:
        await self._publish_event(envelope.type, from_envelope(envelope))

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        await self._publish_event(routing_key, from_bytes(body))

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        letters: list[DeadLetter] = []

        async def collect(letter: DeadLetter) -> Fate:
            if len(letters) == limit:
                return "stop"
            letters.append(letter)
            return "keep"

        await self.sift(collect)
        return sorted(letters, key=lambda letter: letter.first_failed_at)

    async def sift(self, judge: Judge) -> None:
        session = await self._link.session()
        try:
            # What is not acknowledged returns to the queue with the end of the channel, also that of a killed process.
            async with session.connection.channel() as channel:
                queue = await channel.get_queue(self._layout.dead, ensure=False)
                while (message := await queue.get(fail=False)) is not None:
                    fate = await judge(dead_letter(message, prefix=self._layout.prefix))
                    if fate == "stop":
                        return
                    if fate == "remove":
                        await message.ack()
        except LOST as error:
            raise BusUnavailableError(f"lost the broker: {type(error).__name__}: {error}") from error

    async def hand(self, consumer: str, body: bytes) -> None:
        session = await self._link.session()
        await self._link.publish(session.channel.default_exchange, from_bytes(body), self._layout.queue(consumer))

    async def stop_consuming(self, grace_s: float = 20.0) -> None:
        self._stopping = True
        self._attached = False
        for consumer in self._consumers:
            if consumer.tag is not None:
                # Without a connection this only keeps the client library from restoring the consumer.
                with contextlib.suppress(*LOST):
                    async with asyncio.timeout(5.0 if self._link.up else 0.1):
                        await consumer.queue.cancel(consumer.tag)
                consumer.tag = None
        if self._in_flight:
            await asyncio.wait(tuple(self._in_flight), timeout=grace_s)
        await end(tuple(self._in_flight))

    async def stop(self, grace_s: float = 20.0) -> None:
        await self.stop_consuming(grace_s)
        if self._watch_task is not None:
            await end([self._watch_task])
            self._watch_task = None
        await self._link.close()
        self._consumers.clear()

    @property
    def healthy(self) -> bool:
        return self._link.up and (self._attached or not self._consumers)

    async def _on_message(self, subscription: Subscription, message: AbstractIncomingMessage) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._in_flight.add(task)
        try:
            if self._stopping:
                await message.nack(requeue=True)
                return
            history = History.of(message.headers)
            sender = sender_of(message, trusted=("", self._layout.retry))
            outcome = await deliver(
                subscription,
                message.body,
                attempt=history.attempt,
                retries=len(self._layout.delays),
                now=self._clock.now(),
                sender=sender,
            )
            await self._settle(subscription.consumer, message, history, outcome, sender)
        except asyncio.CancelledError:
            # Either the grace is over, or the connection is lost and the broker redelivers.
            if self._stopping:
                with contextlib.suppress(*LOST):
                    await message.nack(requeue=True)
            raise
        except (BusUnavailableError, UnroutableError) as error:
            log.warning("requeueing a failed message", consumer=subscription.consumer, reason=str(error))
            await asyncio.sleep(RECONNECT_S)
            with contextlib.suppress(*LOST):
                await message.reject(requeue=True)
        except LOST as error:
            log.warning(
                "could not acknowledge, the broker will redeliver",
                consumer=subscription.consumer,
                reason=f"{type(error).__name__}: {error}",
            )
        finally:
            self._in_flight.discard(task)

    async def _settle(
        self,
        consumer: str,
        message: AbstractIncomingMessage,
        history: History,
        outcome: Outcome,
        sender: str | None,
    ) -> None:
        """Acknowledge; a failed message only after its copy is confirmed."""
        if outcome.kind != "done":
            copy = failed_copy(message, history, outcome, now=self._clock.now(), consumer=consumer, sender=sender)
            session = await self._link.session()
            if outcome.kind == "retry":
                await self._link.publish(session.retry, copy, self._layout.retry_queue(consumer, outcome.tier))
            else:
                await self._link.publish(session.dead, copy, "")
                metrics.DEAD_LETTERS.labels(consumer).inc()
        await message.ack()

    async def _publish_event(self, routing_key: str, message: aio_pika.Message) -> None:
        try:
            session = await self._link.session()
            await self._link.publish(session.events, message, routing_key)
        except (BusUnavailableError, PermanentError) as error:
            metrics.PUBLISH_FAILURES.labels(type(error).__name__).inc()
            raise
        metrics.PUBLISHED.labels(message.type or "raw").inc()

    async def _watch(self) -> None:
        """Check every second that each consumer is attached; a connected client may have none."""
        while True:
            await asyncio.sleep(1.0)
            tags = [(consumer.channel, consumer.tag) for consumer in self._consumers if consumer.tag]
            attached = bool(tags) and not self._stopping
            for channel, tag in tags:
                try:
                    async with asyncio.timeout(2.0):
                        underlay = await channel.get_underlay_channel()
                except LOST:
                    attached = False
                else:
                    consuming = isinstance(underlay, aiormq.Channel) and tag in underlay.consumers
                    attached = attached and consuming and not underlay.is_closed
            self._attached = attached

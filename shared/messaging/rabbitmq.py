"""The bus on RabbitMQ.

Names and queue arguments are in `amqp_layout`, message properties in `amqp_message`.
"""

from __future__ import annotations

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
from shared.messaging.amqp_layout import Layout
from shared.messaging.amqp_link import LOST, RECONNECT_S, Lines, Link
from shared.messaging.amqp_message import History, dead_letter, from_bytes, from_envelope, to_dead, to_retry
from shared.messaging.bus import RETRY_DELAYS, BusUnavailableError, DeadLetter, Subscription, UnroutableError
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

    Publishing has a channel of its own (confirms, mandatory); each subscription has another, with
    prefetch = concurrency. Declaring and subscribing wait for the broker as long as it takes; publishing does
    not: it raises BusUnavailableError. After an outage connection, queues and consumers come back by
    themselves.

    Args:
        url: `amqp://user:password@host:port/vhost`.
        prefix: first part of every exchange and queue name.
        delays: retry tiers; each is a queue of its own per consumer.
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
        self._watching: asyncio.Task[None] | None = None

    async def declare(self, consumer: str, types: Sequence[type[Payload]]) -> None:
        async def declare(lines: Lines) -> None:
            await self._layout.declare(lines.channel, consumer, [message.TYPE for message in types])

        await self._link.patiently(declare)

    async def subscribe(self, subscription: Subscription) -> None:
        async def subscribe(lines: Lines) -> None:
            channel = await lines.connection.channel()
            assert isinstance(channel, AbstractRobustChannel)
            await channel.set_qos(prefetch_count=subscription.concurrency)
            # On the consuming channel, bindings and all: should somebody delete the queue, the client library
            # declares again what the channel of a cancelled consumer knows.
            keys = [message.TYPE for message in subscription.types]
            queue = await self._layout.declare(channel, subscription.consumer, keys)
            self._consumers.append(_Consumer(subscription, channel, queue))

        await self._link.patiently(subscribe)

    async def start(self) -> None:
        self._stopping = False

        async def consume(_: Lines) -> None:
            for consumer in self._consumers:
                if consumer.tag is None:
                    on_message = partial(self._on_message, consumer.subscription)
                    consumer.tag = await consumer.queue.consume(on_message)

        await self._link.patiently(consume)
        self._attached = True
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())

    async def publish(self, envelope: Envelope) -> None:
        await self._publish_event(envelope.type, from_envelope(envelope))

    async def publish_raw(self, routing_key: str, body: bytes) -> None:
        await self._publish_event(routing_key, from_bytes(body))

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        lines = await self._link.reach()
        seen: list[AbstractIncomingMessage] = []
        try:
            async with lines.connection.channel() as channel:
                queue = await channel.get_queue(self._layout.dead, ensure=False)
                while len(seen) < limit and (message := await queue.get(fail=False)) is not None:
                    seen.append(message)
                if seen:
                    await seen[-1].nack(multiple=True, requeue=True)
        except LOST as error:
            raise BusUnavailableError(f"the broker went away: {type(error).__name__}: {error}") from error
        letters = [dead_letter(message, prefix=self._layout.prefix) for message in seen]
        return sorted(letters, key=lambda letter: letter.first_failed_at)

    async def stop_consuming(self, grace_s: float = 20.0) -> None:
        self._stopping = True
        self._attached = False
        for consumer in self._consumers:
            if consumer.tag is not None:
                # Without a connection there is nothing to cancel but the consumer's coming back.
                with contextlib.suppress(*LOST):
                    async with asyncio.timeout(5.0 if self._link.up else 0.1):
                        await consumer.queue.cancel(consumer.tag)
                consumer.tag = None
        if self._in_flight:
            await asyncio.wait(tuple(self._in_flight), timeout=grace_s)
        await end(tuple(self._in_flight))

    async def stop(self, grace_s: float = 20.0) -> None:
        await self.stop_consuming(grace_s)
        if self._watching is not None:
            await end([self._watching])
            self._watching = None
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
            outcome = await deliver(
                subscription,
                message.body,
                attempt=history.attempt,
                retries=len(self._layout.delays),
                now=self._clock.now(),
            )
            await self._settle(subscription.consumer, message, history, outcome)
        except asyncio.CancelledError:
            # Either the grace is over, or the connection is gone and the broker redelivers anyway.
            if self._stopping:
                with contextlib.suppress(*LOST):
                    await message.nack(requeue=True)
            raise
        except (BusUnavailableError, UnroutableError) as error:
            log.warning("a failed message goes back", consumer=subscription.consumer, reason=str(error))
            await asyncio.sleep(RECONNECT_S)
            with contextlib.suppress(*LOST):
                await message.reject(requeue=True)
        except LOST as error:
            log.warning(
                "could not acknowledge, the message will come again",
                consumer=subscription.consumer,
                reason=f"{type(error).__name__}: {error}",
            )
        finally:
            self._in_flight.discard(task)

    async def _settle(
        self, consumer: str, message: AbstractIncomingMessage, history: History, outcome: Outcome
    ) -> None:
        """Acknowledge, once what is to become of a failed message is confirmed."""
        now = self._clock.now()
        if outcome.kind == "retry":
            again = to_retry(message, history, now=now, reason=outcome.reason)
            lines = await self._link.reach()
            await self._link.confirmed(lines.retry, again, self._layout.retry_queue(consumer, outcome.tier))
        elif outcome.kind == "dead":
            dead = to_dead(message, history, now=now, reason=outcome.reason, consumer=consumer)
            lines = await self._link.reach()
            await self._link.confirmed(lines.dead, dead, "")
            metrics.DEAD_LETTERS.labels(consumer).inc()
        await message.ack()

    async def _publish_event(self, routing_key: str, message: aio_pika.Message) -> None:
        try:
            lines = await self._link.reach()
            await self._link.confirmed(lines.events, message, routing_key)
        except (BusUnavailableError, UnroutableError) as error:
            metrics.PUBLISH_FAILURES.labels(type(error).__name__).inc()
            raise
        metrics.PUBLISHED.labels(message.type or "raw").inc()

    async def _watch(self) -> None:
        """Know whether every consumer is attached: the client may be connected without."""
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

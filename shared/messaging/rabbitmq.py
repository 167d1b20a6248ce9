"""The bus on RabbitMQ. `amqp_layout` has names and queue arguments, `amqp_message` the properties of messages, and
`amqp_consumer` what becomes of a received message."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import aio_pika
import aiormq
from aio_pika.abc import AbstractRobustChannel

from shared.clock import Clock, SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.errors import PermanentError
from shared.messaging.amqp_consumer import Consumer
from shared.messaging.amqp_layout import Layout
from shared.messaging.amqp_link import LOST, Link, Session
from shared.messaging.amqp_message import dead_letter, from_bytes, from_envelope
from shared.messaging.bus import (
    RETRY_DELAYS,
    BusUnavailableError,
    DeadLetter,
    Fate,
    Judge,
    Subscription,
)
from shared.tasks import end
from shared.telemetry import metrics


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
        self._consumers: list[Consumer] = []
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
            self._consumers.append(Consumer(subscription, channel, queue, self._link, self._layout, self._clock))

        await self._link.retry_until_available(subscribe)

    async def start(self) -> None:
        self._stopping = False

        async def consume(_: Session) -> None:
            for consumer in self._consumers:
                await consumer.start()

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
            consumer.stopping = True
        for consumer in self._consumers:
            await consumer.cancel()
        in_flight = [task for consumer in self._consumers for task in consumer.in_flight]
        if in_flight:
            await asyncio.wait(in_flight, timeout=grace_s)
        await end(in_flight)

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

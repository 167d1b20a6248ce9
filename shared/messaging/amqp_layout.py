"""Exchanges and queues on RabbitMQ 3.10 to 4.x, all under one prefix.

    <prefix>.events        topic exchange; the routing key is the message type
    <prefix>.requests      topic exchange for programs outside the platform, which carries training requests only
    <prefix>.retry         direct exchange, to the retry queues and back to the consumer's queue
    <prefix>.dead          fanout exchange, and the dead-letter queue bound to it
    <prefix>.<consumer>    a consumer's queue, shared by its replicas
    <prefix>.<consumer>.retry.<delay>   holds a failed message for the delay, then returns it to the consumer's queue

Queue arguments are frozen: redeclaring a queue with other arguments fails. Tune limits with broker policies instead.
RabbitMQ 3.10 ignores arguments that it does not know.
"""

from collections.abc import Sequence
from datetime import timedelta

from aio_pika import ExchangeType
from aio_pika.abc import AbstractRobustChannel, AbstractRobustExchange, AbstractRobustQueue
from pamqp.common import FieldValue

from shared.messaging.topology import AUDIT, AUDIT_AGE_MS, AUDIT_LENGTH, FROM_OUTSIDE

# Only deliveries whose process died count towards this limit. The default of RabbitMQ 4 is 20.
_DELIVERY_LIMIT = 50
# Reading a dead letter requeues it, and some broker versions count that as a failed delivery.
_UNLIMITED = 1_000_000_000


def delay_name(delay: timedelta) -> str:
    """`10s`, `1m` or `100ms`. The delay is part of the queue's name, so each delay has its own queue."""
    milliseconds = round(delay.total_seconds() * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


class Layout:
    """The names under `prefix`, and their declaration on a channel."""

    def __init__(self, prefix: str, delays: Sequence[timedelta]) -> None:
        self.prefix = prefix
        self.delays = tuple(delays)
        self.events = f"{prefix}.events"
        self.requests = f"{prefix}.requests"
        self.retry = f"{prefix}.retry"
        self.dead = f"{prefix}.dead"

    def queue(self, consumer: str) -> str:
        return f"{self.prefix}.{consumer}"

    def retry_queue(self, consumer: str, tier: int) -> str:
        return f"{self.prefix}.{consumer}.retry.{delay_name(self.delays[tier])}"

    async def exchanges(
        self, channel: AbstractRobustChannel
    ) -> tuple[AbstractRobustExchange, AbstractRobustExchange, AbstractRobustExchange]:
        """Declare the dead-letter queue and the three exchanges; return the events, retry and dead exchanges."""
        events = await channel.declare_exchange(self.events, ExchangeType.TOPIC, durable=True)
        retry = await channel.declare_exchange(self.retry, ExchangeType.DIRECT, durable=True)
        dead = await channel.declare_exchange(self.dead, ExchangeType.FANOUT, durable=True)
        queue = await channel.declare_queue(
            self.dead, durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": _UNLIMITED}
        )
        await queue.bind(dead)
        return events, retry, dead

    async def declare(self, channel: AbstractRobustChannel, consumer: str, keys: Sequence[str]) -> AbstractRobustQueue:
        """Declare a consumer's queue and its retry queues; bind the queue to the message types `keys`."""
        name = self.queue(consumer)
        queue = await channel.declare_queue(name, durable=True, arguments=self.arguments(consumer))
        for key in keys:
            await queue.bind(self.events, routing_key=key)
        for key in set(keys) & {message.TYPE for message in FROM_OUTSIDE}:
            await channel.declare_exchange(self.requests, ExchangeType.TOPIC, durable=True)
            await queue.bind(self.requests, routing_key=key)
        if consumer == AUDIT:
            return queue
        await queue.bind(self.retry, routing_key=name)
        for tier, delay in enumerate(self.delays):
            retry_queue = await channel.declare_queue(
                self.retry_queue(consumer, tier),
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-message-ttl": round(delay.total_seconds() * 1000),
                    "x-dead-letter-exchange": self.retry,
                    "x-dead-letter-routing-key": name,
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            )
            await retry_queue.bind(self.retry, routing_key=retry_queue.name)
        return queue

    def arguments(self, consumer: str) -> dict[str, FieldValue]:
        """The frozen arguments of a consumer's queue."""
        if consumer == AUDIT:
            return {
                "x-queue-type": "quorum",
                "x-max-length": AUDIT_LENGTH,
                "x-message-ttl": AUDIT_AGE_MS,
                "x-overflow": "drop-head",
            }
        return {
            "x-queue-type": "quorum",
            "x-dead-letter-exchange": self.dead,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-delivery-limit": _DELIVERY_LIMIT,
        }

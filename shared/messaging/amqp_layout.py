"""Exchanges and queues on RabbitMQ 3.10 to 4.x, all under one prefix.

    <prefix>.events        topic exchange; the routing key is the message type
    <prefix>.retry         direct exchange: to the retry queues, and from them back to the consumer's queue
    <prefix>.dead          fanout exchange, and the one queue behind it
    <prefix>.<consumer>    a consumer's queue, shared by its replicas
    <prefix>.<consumer>.retry.<delay>   holds a failed message for the delay, then gives it back

Declaring a queue again with other arguments fails, so what is written here is frozen; what is to be tuned (a
length limit, say) goes into policies. RabbitMQ 3.10 ignores the arguments it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aio_pika import ExchangeType
from aio_pika.abc import AbstractRobustChannel, AbstractRobustExchange, AbstractRobustQueue
from pamqp.common import FieldValue

from shared.messaging.topology import AUDIT, AUDIT_AGE_MS, AUDIT_LENGTH

# Deliveries that kill their process count here, and nothing else does; RabbitMQ 4 would give up after 20.
_DELIVERY_LIMIT = 50
# Looking at a dead letter returns it to the queue, which some versions count as a failed delivery.
_UNLIMITED = 1_000_000_000


def delay_name(delay: timedelta) -> str:
    """`10s`, `1m`, `100ms`: part of the queue's name, so that another delay is another queue."""
    milliseconds = round(delay.total_seconds() * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds >= size and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


class Layout:
    """Names under `prefix`, and how to declare them on a channel."""

    def __init__(self, prefix: str, delays: Sequence[timedelta]) -> None:
        self.prefix = prefix
        self.delays = tuple(delays)
        self.events = f"{prefix}.events"
        self.retry = f"{prefix}.retry"
        self.dead = f"{prefix}.dead"

    def queue(self, consumer: str) -> str:
        return f"{self.prefix}.{consumer}"

    def retry_queue(self, consumer: str, tier: int) -> str:
        return f"{self.prefix}.{consumer}.retry.{delay_name(self.delays[tier])}"

    def consumer_of(self, queue: str) -> str:
        return queue.removeprefix(f"{self.prefix}.")

    async def exchanges(
        self, channel: AbstractRobustChannel
    ) -> tuple[AbstractRobustExchange, AbstractRobustExchange, AbstractRobustExchange]:
        """Declare and return the events, retry and dead exchanges, with the dead queue."""
        events = await channel.declare_exchange(self.events, ExchangeType.TOPIC, durable=True)
        retry = await channel.declare_exchange(self.retry, ExchangeType.DIRECT, durable=True)
        dead = await channel.declare_exchange(self.dead, ExchangeType.FANOUT, durable=True)
        queue = await channel.declare_queue(
            self.dead, durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": _UNLIMITED}
        )
        await queue.bind(dead)
        return events, retry, dead

    async def declare(self, channel: AbstractRobustChannel, consumer: str, keys: Sequence[str]) -> AbstractRobustQueue:
        """Declare a consumer's queue with its retry queues and bind it to the message types `keys`."""
        name = self.queue(consumer)
        queue = await channel.declare_queue(name, durable=True, arguments=self.arguments(consumer))
        for key in keys:
            await queue.bind(self.events, routing_key=key)
        if consumer == AUDIT:
            return queue
        await queue.bind(self.retry, routing_key=name)
        for tier, delay in enumerate(self.delays):
            waiting = await channel.declare_queue(
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
            await waiting.bind(self.retry, routing_key=waiting.name)
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

"""The content of the broker's queues."""

import json

import aio_pika

from shared.messaging.amqp_layout import Layout
from shared.messaging.topology import AUDIT, CONSUMERS

NOWCAST_PUBLISHED = "punkcast.nowcast.published.v1"


async def ready_messages(url: str, layout: Layout) -> dict[str, int]:
    """Ready messages per queue except `audit`, without unacknowledged ones."""
    names = [layout.dead]
    for consumer in CONSUMERS:
        names.append(layout.queue(consumer))
        names += [layout.retry_queue(consumer, tier) for tier in range(len(layout.delays))]
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        queues = [await channel.declare_queue(name, passive=True) for name in names]
        return {queue.name: queue.declaration_result.message_count or 0 for queue in queues}


async def take_all(url: str, queue_name: str) -> list[aio_pika.abc.AbstractIncomingMessage]:
    """Empty a queue."""
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        queue = await channel.get_queue(queue_name)
        taken = []
        while (message := await queue.get(fail=False)) is not None:
            taken.append(message)
            await message.ack()
        return taken


async def published_generations(url: str, layout: Layout) -> dict[int, str]:
    """Generations that an outside observer saw published, each with the id of the causing message."""
    messages = await take_all(url, layout.queue(AUDIT))
    bodies = [json.loads(message.body) for message in messages if message.routing_key == NOWCAST_PUBLISHED]
    return {body["data"]["generation_id"]: body["causationid"] for body in bodies}

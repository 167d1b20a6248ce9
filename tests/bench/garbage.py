"""How fast malformed messages are worked off, and how long a tick waits behind them, on a RabbitMQ of its own."""

import asyncio
import time
from pathlib import Path

import aio_pika

from shared.clock import SystemClock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import NowcastRequested
from shared.messaging.bus import Subscription
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.ticks import slot_at, tick
from shared.messaging.topology import CONSUMERS, declare_platform
from tests.bench.measured import Measured
from tests.plugins.rabbitmq_node import private_node

JUNK = 3000
ROUNDS = 3
DELAY_LIMIT_S = 5.0
PREFIX = "bench"


async def garbage(_url: str, _home: Path, _events: Path) -> list[Measured]:
    """The median of some rounds. The bare limit of the rate: publish as many messages, each confirmed by a quorum
    queue, without waiting for one before the next."""
    with private_node(print) as url:
        bus = RabbitBus(url, PREFIX)
        await declare_platform(bus)
        rounds = [(await _published_s(url), await _delay_s(url)) for _ in range(ROUNDS)]
        await bus.stop()
    published_s, delay_s = (sorted(figures)[ROUNDS // 2] for figures in zip(*rounds, strict=True))
    return [
        Measured("garbage: malformed messages worked off, against publishing them", JUNK / delay_s, "1/s",
                 JUNK / published_s),
        Measured(f"garbage: delay of a tick behind {JUNK:,} malformed messages", delay_s, "s", DELAY_LIMIT_S),
    ]  # fmt: skip


async def _published_s(url: str) -> float:
    """Seconds to fill the nowcaster's queue with junk."""
    async with await aio_pika.connect(url) as connection, connection.channel() as channel:
        exchange = await channel.get_exchange(f"{PREFIX}.events", ensure=False)
        junk = aio_pika.Message(b"not json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        began = time.perf_counter()
        await asyncio.gather(*(exchange.publish(junk, NowcastRequested.TYPE) for _ in range(JUNK)))
        return time.perf_counter() - began


async def _delay_s(url: str) -> float:
    """Seconds from the start of a consumer to the tick behind the junk."""
    bus, arrived, now = RabbitBus(url, PREFIX), asyncio.Event(), SystemClock().now()

    async def handle(_: Envelope) -> None:
        arrived.set()

    payload, identity = tick("nowcast", slot_at("nowcast", now))
    await bus.publish(Envelope.wrap(payload, source="bench", time=now, message_id=identity))
    await bus.subscribe(Subscription("nowcaster", CONSUMERS["nowcaster"], handle))
    began = time.perf_counter()
    await bus.start()
    await arrived.wait()
    took = time.perf_counter() - began
    await bus.stop()
    return took

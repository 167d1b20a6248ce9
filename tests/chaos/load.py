"""The load during the kills: ticks as the timers send them, and training requests from outside."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import aio_pika

from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.messaging.ticks import tick

TRAINING_REQUESTED = "punkcast.training.requested.v1"


@dataclass(frozen=True)
class Request:
    """A training request as sent. `twin_of` is another open request with the same reason."""

    message_id: UUID
    request_id: UUID
    reason: str
    twin_of: UUID | None = None


@dataclass
class Sent:
    """Everything that was published, by id."""

    ticks: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    requests: list[Request] = field(default_factory=list)
    malformed: list[bytes] = field(default_factory=list)
    deliveries: int = 0
    duplicates: int = 0


class Publisher:
    """A program outside the project. It knows the exchange's name and the documented JSON, and uses confirms."""

    def __init__(self, exchange: aio_pika.abc.AbstractExchange, rng: Random) -> None:
        self._exchange = exchange
        self._rng = rng
        self.sent = Sent()

    @classmethod
    async def open(cls, url: str, prefix: str, rng: Random, stack: AsyncExitStack) -> Publisher:
        connection = await stack.enter_async_context(await aio_pika.connect(url))
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        return cls(await channel.get_exchange(f"{prefix}.events"), rng)

    async def tick(self, job: str, slot: datetime) -> None:
        """Send one tick; one in five is sent twice."""
        payload, identity = tick(job, slot)
        envelope = Envelope.wrap(payload, source="chaos", time=datetime.now(UTC), message_id=identity)
        self.sent.ticks[job].add(identity)
        await self._send(envelope.type, envelope.encode(), times=2 if self._rng.random() < 0.2 else 1)

    async def request_training(self, reason: str, data_cutoff: datetime, *, times: int = 1) -> Request:
        """Request a training; send the same message `times` times."""
        request = Request(message_id=uuid4(), request_id=uuid4(), reason=reason)
        await self._ask(request, data_cutoff, times=times)
        return request

    async def request_again(self, request: Request, data_cutoff: datetime) -> None:
        """Send the same request in another message."""
        await self._ask(Request(uuid4(), request.request_id, request.reason), data_cutoff)

    async def request_twin(self, request: Request, data_cutoff: datetime) -> None:
        """Send another request with the same reason."""
        await self._ask(Request(uuid4(), uuid4(), request.reason, twin_of=request.request_id), data_cutoff)

    async def malformed(self, body: bytes) -> None:
        """Send bytes that no consumer can read."""
        self.sent.malformed.append(body)
        await self._send(TRAINING_REQUESTED, body)

    async def again(self, payload: Payload, message_id: UUID) -> None:
        """Send a late duplicate of a message of the platform."""
        envelope = Envelope.wrap(payload, source="chaos", time=datetime.now(UTC), message_id=message_id)
        self.sent.duplicates += 1
        await self._send(envelope.type, envelope.encode())

    async def _ask(self, request: Request, data_cutoff: datetime, *, times: int = 1) -> None:
        self.sent.requests.append(request)
        body = {
            "specversion": "1.0",
            "id": str(request.message_id),
            "source": "somebody-else",
            "type": TRAINING_REQUESTED,
            "time": datetime.now(UTC).isoformat(),
            "data": {
                "reason": request.reason,
                "requested_by": "chaos",
                "request_id": str(request.request_id),
                "data_cutoff": data_cutoff.isoformat(),
            },
        }
        await self._send(TRAINING_REQUESTED, json.dumps(body).encode(), times=times)

    async def _send(self, routing_key: str, body: bytes, *, times: int = 1) -> None:
        for _ in range(times):
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await self._exchange.publish(message, routing_key, mandatory=True)
        self.sent.deliveries += times
        self.sent.duplicates += times - 1


async def keep_ticking(publisher: Publisher, stop: asyncio.Event) -> None:
    """Send the timers' ticks much faster than in production, each for its own slot."""
    every_s = {"ingest": 2.0, "nowcast": 3.0, "monitor": 5.0, "training_drain": 4.0}

    async def one(job: str, pause_s: float) -> None:
        while not stop.is_set():
            await publisher.tick(job, datetime.now(UTC).replace(microsecond=0))
            try:
                await asyncio.wait_for(stop.wait(), pause_s)
            except TimeoutError:
                continue

    await asyncio.gather(*(one(job, pause_s) for job, pause_s in every_s.items()))


async def ask_for_trainings(publisher: Publisher, begins: datetime, *, count: int, pause_s: float) -> None:
    """`count` distinct requests, with increasing cut-offs; some are sent more than once."""
    for number in range(count):
        cutoff = begins - timedelta(days=22) + timedelta(hours=12 * number)
        request = await publisher.request_training(f"chaos {number}", cutoff, times=1 + number % 3)
        if number % 2 == 0:
            await publisher.request_again(request, cutoff)
        if number % 3 == 1:
            await publisher.request_twin(request, cutoff)
        await asyncio.sleep(pause_s)
    await publisher.malformed(b"not JSON at all")
    await publisher.malformed(json.dumps({"specversion": "2.0", "type": TRAINING_REQUESTED}).encode())

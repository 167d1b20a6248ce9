"""What a program outside the platform can do, on a node with the configuration in `deploy/rabbitmq`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import AMQPError

from shared.contracts.envelope import Envelope
from shared.contracts.messages import ALL_MESSAGES, TrainingRequested
from shared.messaging.bus import LARGEST_BODY, Bus, Subscription
from shared.messaging.rabbitmq import RabbitBus
from shared.messaging.topology import CONSUMERS, declare_platform
from tests.factories.waiting import eventually
from tests.integration.messaging.conftest import Recorder
from tests.plugins.rabbitmq_node import private_node
from tests.unit.contracts.test_envelope import NOW

SHIPPED = Path(__file__).parents[3] / "deploy" / "rabbitmq"
REQUESTS, EVENTS = "punkcast.requests", "punkcast.events"
REQUEST = TrainingRequested(reason="new trait premium", requested_by="me")


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    config = (SHIPPED / "rabbitmq.conf").read_text()
    config = config.replace("/etc/rabbitmq/definitions.json", str(SHIPPED / "definitions.json"))
    with private_node(print, config=config) as url:
        yield url


@pytest.fixture
async def platform(node: str) -> AsyncIterator[RabbitBus]:
    bus = RabbitBus(node.replace("guest:guest", "punkcast:punkcast"), "punkcast")
    await declare_platform(bus)
    yield bus
    await bus.stop(0.1)


@pytest.fixture
async def outsider(node: str, platform: Bus) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(node.replace("guest:guest", "requester:requester")) as connection:
        yield await connection.channel(publisher_confirms=True, on_return_raises=True)


async def publish(channel: AbstractChannel, exchange: str, key: str, *, user: str | None = None) -> None:
    body = Envelope.wrap(REQUEST, source="my-program", time=NOW).encode()
    target = await channel.get_exchange(exchange, ensure=False)
    await target.publish(aio_pika.Message(body, user_id=user), key, mandatory=True)


async def test_an_outsider_may_request_training_and_is_known_by_its_user(
    platform: RabbitBus, outsider: AbstractChannel
) -> None:
    """A retry keeps the user; the sender's own word for it does not count."""
    seen = Recorder(RuntimeError("once more"))
    retrying = RabbitBus(platform._link._url, "punkcast")
    await retrying.subscribe(Subscription("trainer", CONSUMERS["trainer"], seen))
    await retrying.start()
    await publish(outsider, REQUESTS, TrainingRequested.TYPE, user="requester")
    await eventually(lambda: len(seen.seen) == 2, within_s=60)
    assert [(one.type, one.sender) for one in seen.seen] == [(TrainingRequested.TYPE, "requester")] * 2
    await retrying.stop(0.1)


@pytest.mark.parametrize(
    ("exchange", "key"),
    [
        *((REQUESTS, message.TYPE) for message in ALL_MESSAGES if message is not TrainingRequested),
        *((EVENTS, message.TYPE) for message in ALL_MESSAGES),
        ("punkcast.retry", "punkcast.nowcaster"),
        ("punkcast.dead", ""),
        ("", "punkcast.nowcaster"),
    ],
)
async def test_an_outsider_may_publish_nothing_else(outsider: AbstractChannel, exchange: str, key: str) -> None:
    with pytest.raises(AMQPError):
        await publish(outsider, exchange, key)


async def test_an_outsider_may_neither_pose_as_another_user_nor_declare_nor_read(outsider: AbstractChannel) -> None:
    attempts = [
        lambda channel: publish(channel, REQUESTS, TrainingRequested.TYPE, user="punkcast"),
        lambda channel: channel.declare_queue("punkcast.mine"),
        lambda channel: channel.declare_exchange("punkcast.mine"),
        lambda channel: _get(channel, "punkcast.trainer"),
        lambda channel: _get(channel, "punkcast.dead"),
    ]
    for attempt in attempts:
        async with await aio_pika.connect(str(outsider._connection.url)) as connection:  # type: ignore[attr-defined]
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            with pytest.raises(AMQPError):
                await attempt(channel)


async def test_a_message_above_the_limit_is_refused_by_the_broker(platform: RabbitBus) -> None:
    async with await aio_pika.connect(platform._link._url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        await exchange.publish(aio_pika.Message(bytes(LARGEST_BODY)), TrainingRequested.TYPE)
        with pytest.raises(AMQPError):
            await exchange.publish(aio_pika.Message(bytes(LARGEST_BODY + 1)), TrainingRequested.TYPE)


async def _get(channel: AbstractChannel, name: str) -> None:
    await (await channel.get_queue(name, ensure=False)).get()

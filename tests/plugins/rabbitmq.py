"""A real RabbitMQ.

In this order: the one of PUNKCAST_TEST_BROKER_URL; one that answers on 127.0.0.1:5672; a private node started from an
installed rabbitmq-server; the same after installing it through apt, as root; else one line that says what to do.
"""

import os
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import aio_pika
import pytest

from shared.messaging.amqp_layout import Layout
from shared.messaging.bus import RETRY_DELAYS
from shared.messaging.topology import AUDIT, CONSUMERS
from tests.plugins.rabbitmq_node import private_node

LOCAL = "amqp://guest:guest@127.0.0.1:5672/"


class Declared:
    """Names of all queues and exchanges that this process has declared, because AMQP cannot list them."""

    def __init__(self) -> None:
        self.queues: set[str] = set()
        self.exchanges: set[str] = set()

    def observe(self, patch: pytest.MonkeyPatch) -> None:
        declare_queue = aio_pika.Channel.declare_queue
        declare_exchange = aio_pika.Channel.declare_exchange

        async def queue(channel, name=None, *args, **options):  # type: ignore[no-untyped-def]
            declared = await declare_queue(channel, name, *args, **options)
            self.queues.add(declared.name)
            return declared

        async def exchange(channel, name, *args, **options):  # type: ignore[no-untyped-def]
            self.exchanges.add(name)
            return await declare_exchange(channel, name, *args, **options)

        patch.setattr(aio_pika.Channel, "declare_queue", queue)
        patch.setattr(aio_pika.Channel, "declare_exchange", exchange)


@pytest.fixture(scope="session")
async def amqp_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """URL of the broker. Declare only names with the prefix `broker_prefix`."""
    given = os.environ.get("PUNKCAST_TEST_BROKER_URL")
    if given:
        problem = await _problem(given)
        if problem:
            pytest.fail(
                f"PUNKCAST_TEST_BROKER_URL does not answer ({problem}); start it or unset the variable", pytrace=False
            )
        yield given
    elif await _problem(LOCAL) is None:
        yield LOCAL
    else:
        with private_node(_teller(request.config)) as url:
            yield url


@pytest.fixture(scope="session")
def declared_names() -> Declared:
    return Declared()


@pytest.fixture
async def broker_prefix(amqp_url: str, declared_names: Declared) -> AsyncIterator[str]:
    """A prefix for this test. Its queues and exchanges are deleted afterwards."""
    prefix = f"test-{uuid4().hex[:12]}"
    with pytest.MonkeyPatch.context() as patch:
        declared_names.observe(patch)
        yield prefix
    await delete_names(amqp_url, prefix, declared_names)


async def delete_names(url: str, prefix: str, declared: Declared | None = None) -> None:
    """Delete the names under `prefix` that this process declared, and those that services declare."""
    layout = Layout(prefix, RETRY_DELAYS)
    queues = {layout.dead}
    for consumer in (*CONSUMERS, AUDIT):
        queues.add(layout.queue(consumer))
        queues.update(layout.retry_queue(consumer, tier) for tier in range(len(layout.delays)))
    exchanges = {layout.events, layout.retry, layout.dead}
    if declared:
        queues |= {name for name in declared.queues if name.startswith(prefix)}
        exchanges |= {name for name in declared.exchanges if name.startswith(prefix)}
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        channel = await connection.channel()
        for name in sorted(queues):
            await channel.queue_delete(name)
        for name in sorted(exchanges):
            await channel.exchange_delete(name)


async def _problem(url: str) -> str | None:
    """Why a login fails, or None."""
    try:
        connection = await aio_pika.connect(url, timeout=5)
    except Exception as error:  # any error means that the broker is unusable
        return str(error) or type(error).__name__
    await connection.close()
    return None


def _teller(config: pytest.Config) -> Callable[[str], None]:
    """Prints a line past pytest's capture: installing something must not be silent."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")

    def tell(line: str) -> None:
        if capture and reporter:
            with capture.global_and_fixture_disabled():
                reporter.write_line(f"\n{line}")

    return tell

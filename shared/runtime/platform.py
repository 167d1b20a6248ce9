"""The dependencies of every service, opened from the URLs in the settings."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from shared.clock import Clock, SystemClock
from shared.database.embedded import database_url
from shared.database.pool import Database
from shared.errors import InvalidInputError
from shared.messaging.bus import Bus
from shared.messaging.dead_letter_file import DeadLetterFile
from shared.messaging.memory import MemoryBroker, MemoryBus
from shared.settings import Settings
from shared.storage.object_store import ObjectStore
from shared.storage.opening import deferred_store
from shared.urls import redacted, split


@dataclass(frozen=True)
class Platform:
    """A process's dependencies, passed explicitly."""

    settings: Settings
    clock: Clock
    database: Database
    bus: Bus
    store: ObjectStore


def open_bus(settings: Settings, clock: Clock) -> Bus:
    """The bus of `PUNKCAST_BROKER_URL`. RabbitMQ connects on first use.

    Raises:
        InvalidInputError: an unknown scheme.
    """
    scheme = split(settings.broker_url, "PUNKCAST_BROKER_URL").scheme
    if scheme == "memory":
        kept = DeadLetterFile(settings.home / "dead-letters.ndjson")
        return MemoryBus(clock, broker=MemoryBroker(clock, kept=kept))
    if scheme in ("amqp", "amqps"):
        # Imported here: the client library is slow to load, and the embedded mode has no use for it.
        from shared.messaging.rabbitmq import RabbitBus  # noqa: PLC0415

        return RabbitBus(settings.broker_url, settings.broker_prefix, clock=clock)
    raise InvalidInputError(
        f"PUNKCAST_BROKER_URL is {redacted(settings.broker_url)}; use memory://, amqp:// or amqps://"
    )


@asynccontextmanager
async def open_platform(
    settings: Settings, *, clock: Clock | None = None, bus: Bus | None = None
) -> AsyncIterator[Platform]:
    """Open the dependencies and close them on exit, including a given `bus`.

    Raises:
        InvalidInputError: a setting has an unusable URL.
        DatabaseUnavailableError: the database does not answer.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database_url(settings))
        database = await Database.connect(url)
        stack.push_async_callback(database.close)
        store = deferred_store(settings.object_store_url, settings.home)
        stack.push_async_callback(store.close)
        # Closed first, because its handlers need the other dependencies.
        chosen = bus or open_bus(settings, clock)
        stack.push_async_callback(chosen.stop, settings.shutdown_grace_s)
        yield Platform(settings=settings, clock=clock, database=database, bus=chosen, store=store)

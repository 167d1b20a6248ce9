"""One connection pool per process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeAlias

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError

from shared.errors import InvalidInputError, TransientError

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, or starting up
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that is being changed, or is wrong
    asyncpg.InvalidCatalogNameError,  # a server whose database is still to be made
)
# A machine that vanishes with a transaction open says no goodbye: its locks are freed after a minute, not two hours.
_KEEPALIVES = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
_CLOSE_TIMEOUT_S = 10.0
_LOST_PATIENCE_S = 1.0


class DatabaseUnavailableError(TransientError, ConnectionError):
    """No connection to PostgreSQL could be had. Nothing was read or written."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def connect(
        cls, url: str, *, min_size: int = 1, max_size: int = 10, application_name: str = "punkcast"
    ) -> Database:
        """Open the pool.

        Args:
            url: `postgresql://…`; `shared.database.embedded.database_url` turns every other setting into one.
            application_name: what `pg_stat_activity` shows.

        Raises:
            InvalidInputError: `url` is no PostgreSQL URL.
            DatabaseUnavailableError: the server does not answer.
        """
        require_server_url(url)
        with reaching(url):
            pool = await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                server_settings={"application_name": application_name, "timezone": "UTC", **_KEEPALIVES},
            )
        return cls(pool)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection of the pool, each statement in a transaction of its own.

        Raises:
            DatabaseUnavailableError: a new connection was needed and could not be had, or this one was lost.
        """
        try:
            async with self._acquired() as connection:
                yield connection
        except InternalClientError as error:
            # The server's farewell came in the middle of a question or of the give-back; the pool drops the connection.
            raise DatabaseUnavailableError(f"the connection to PostgreSQL was lost: {error}") from error

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        with reaching("the pool's server"):
            connection = await self._pool.acquire()
        try:
            async with _while_it_lives(connection):
                yield connection
        except InterfaceError as error:
            # What asyncpg says to whoever goes on using a connection that the server has cut.
            if _lost(connection):
                raise DatabaseUnavailableError(f"the connection to PostgreSQL was lost: {error}") from error
            raise
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection with an open transaction: committed on leaving, rolled back on an exception.

        Raises:
            DatabaseUnavailableError: as `connection` does.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Wait for the connections in use, up to ten seconds, then cut them."""
        try:
            await asyncio.wait_for(self._pool.close(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()


@asynccontextmanager
async def _while_it_lives(connection: asyncpg.pool.PoolConnectionProxy) -> AsyncIterator[None]:
    """Ends whatever still waits a moment after the connection was lost.

    asyncpg tells a waiting query by itself, but a COPY that the server held back waits for ever.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as patience:

            def end(_: object) -> None:
                with suppress(RuntimeError):  # the block was left in the meantime
                    patience.reschedule(loop.time() + _LOST_PATIENCE_S)

            connection.add_termination_listener(end)
            try:
                yield
            finally:
                with suppress(InterfaceError):  # the pool has taken the lost connection back
                    connection.remove_termination_listener(end)
    except TimeoutError as error:
        if not patience.expired():
            raise
        raise DatabaseUnavailableError("the connection to PostgreSQL was lost while something waited for it") from error


def _lost(connection: asyncpg.pool.PoolConnectionProxy) -> bool:
    try:
        return bool(connection.is_closed())
    except InterfaceError:
        return True  # the pool has taken it back already


def require_server_url(url: str) -> None:
    """Raises InvalidInputError unless `url` is one that asyncpg understands."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise InvalidInputError(
            f"{url.partition(':')[0]}: is no database URL; set PUNKCAST_DATABASE_URL to postgresql://… or embedded://"
        )


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns the many ways in which a server can be away into one error."""
    try:
        yield
    except AWAY as error:
        server = url.rpartition("@")[2].partition("?")[0]  # no password in a message
        raise DatabaseUnavailableError(
            f"no connection to PostgreSQL ({server}): {str(error) or type(error).__name__}; "
            "is it running, and is PUNKCAST_DATABASE_URL right?"
        ) from error

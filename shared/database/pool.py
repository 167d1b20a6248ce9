"""One connection pool per process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeAlias

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError

from shared.errors import InvalidInputError, TransientError
from shared.urls import redacted

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, or starting up
    asyncpg.InsufficientResourcesError,  # a full disk, no memory, too many connections
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,  # the server has become a standby
    asyncpg.InvalidAuthorizationSpecificationError,  # wrong password, or one that is being changed
    asyncpg.InvalidCatalogNameError,  # the database does not exist yet
)
# If a client machine vanishes inside a transaction, its locks are freed after a minute instead of two hours. Not in the
# startup packet: poolers such as PgBouncer refuse a connection that names there what they do not know.
_KEEPALIVES_SQL = """
select set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false)
"""
_PROCESS_SQL = "select pg_backend_pid()"
_CLOSE_TIMEOUT_S = 10.0
_LOST_GRACE_S = 1.0


class DatabaseUnavailableError(TransientError, ConnectionError):
    """PostgreSQL is unavailable. Nothing was read or written."""


class SharedSessionError(InvalidInputError):
    """A pooler gives each transaction another session."""


class _PooledConnection(asyncpg.Connection):
    """A connection whose settings outlive the reset at each release."""

    def get_reset_query(self) -> str:
        reset: str = super().get_reset_query()  # type: ignore[no-untyped-call]
        return f"{reset}{_KEEPALIVES_SQL}"


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
            url: `postgresql://…`; `shared.database.embedded.database_url` makes one from any setting.
            application_name: the name in `pg_stat_activity`.

        Raises:
            InvalidInputError: `url` is not a PostgreSQL URL.
            SharedSessionError: a pooler in transaction mode answers. With `min_size` 0, the first use raises it.
            DatabaseUnavailableError: the server does not answer.
        """
        require_server_url(url)

        async def prepare(connection: Connection) -> None:
            await require_own_session(connection, url)
            await connection.execute(_KEEPALIVES_SQL)

        with reaching(redacted(url)):
            pool = await asyncpg.create_pool(
                url,
                min_size=min_size,
                max_size=max_size,
                init=prepare,
                connection_class=_PooledConnection,
                server_settings={"application_name": application_name, "timezone": "UTC"},
            )
        return cls(pool)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A pooled connection in autocommit mode.

        Raises:
            DatabaseUnavailableError: no connection could be opened, or this one was lost.
        """
        try:
            async with self._acquired() as connection:
                yield connection
        except InternalClientError as error:
            # The server closed the connection during a query or the release. The pool drops the connection.
            raise DatabaseUnavailableError(f"the connection to PostgreSQL was lost: {error}") from error

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Connection]:
        with reaching("the pool's server"):
            connection = await self._pool.acquire()
        try:
            async with _while_it_lives(connection):
                yield connection
        except asyncpg.ReadOnlySQLTransactionError as error:
            # Another server takes the writes now, and only a new connection looks for that one.
            connection.terminate()
            raise DatabaseUnavailableError(f"PostgreSQL takes no writes here: {error}") from error
        except InterfaceError as error:
            # asyncpg raises this when a connection is used after the server closed it.
            if _lost(connection):
                raise DatabaseUnavailableError(f"the connection to PostgreSQL was lost: {error}") from error
            raise
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection with an open transaction: commits on exit, rolls back on an exception.

        Raises:
            DatabaseUnavailableError: as `connection` does.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Wait up to ten seconds for connections in use, then close them."""
        try:
            await asyncio.wait_for(self._pool.close(), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()


@asynccontextmanager
async def _while_it_lives(connection: asyncpg.pool.PoolConnectionProxy) -> AsyncIterator[None]:
    """End a block that still waits a second after its connection was lost.

    asyncpg fails a waiting query, but a COPY that the server has paused would never end.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as deadline:

            def end(_: object) -> None:
                with suppress(RuntimeError):  # the block has ended
                    deadline.reschedule(loop.time() + _LOST_GRACE_S)

            connection.add_termination_listener(end)
            try:
                yield
            finally:
                with suppress(InterfaceError):  # the pool has already released it
                    connection.remove_termination_listener(end)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise DatabaseUnavailableError("the connection to PostgreSQL was lost while a statement waited") from error


def _lost(connection: asyncpg.pool.PoolConnectionProxy) -> bool:
    try:
        return bool(connection.is_closed())
    except InterfaceError:
        return True  # the pool has already released it


def require_server_url(url: str) -> None:
    """Raises InvalidInputError unless `url` is a PostgreSQL URL."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise InvalidInputError(
            f"{redacted(url).partition('://')[0]}: is not a database URL; "
            "set PUNKCAST_DATABASE_URL to postgresql://… or embedded://"
        )


async def require_own_session(connection: Connection, url: str) -> None:
    """Refuse a pooler that gives each transaction of `connection` another server process.

    Notifications, advisory locks and prepared statements belong to a session. Between shared sessions they get lost, or
    reach another client, without an error.

    Raises:
        SharedSessionError: the server process changed between two transactions.
    """
    try:
        own = await _has_own_session(connection, url)
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError):
        own = False
    if not own:
        raise SharedSessionError(
            "the pooler of PUNKCAST_DATABASE_URL changes the session between two transactions, but notifications, "
            "advisory locks and prepared statements need one session: set pool_mode = session (PgBouncer), "
            "or connect to PostgreSQL itself"
        )


async def _has_own_session(connection: Connection, url: str) -> bool:
    process = await connection.fetchval(_PROCESS_SQL)
    # A pooler announces another process than the server's, because it has to recognise cancel requests.
    if process == connection.get_server_pid():
        return True
    # A pooler hands out the process that was used last, so another client's transaction takes this one's.
    other = await asyncpg.connect(url, statement_cache_size=0)
    try:
        async with other.transaction():
            await other.fetchval(_PROCESS_SQL)
            return bool(await connection.fetchval(_PROCESS_SQL) == process)
    finally:
        await other.close()


@contextmanager
def reaching(server: str) -> Iterator[None]:
    """Raise one error for all the ways in which a server can be unavailable."""
    try:
        yield
    except asyncpg.exceptions.ClientConfigurationError:
        raise
    except (*AWAY, InternalClientError, InterfaceError) as error:  # the last two: it closed a new connection
        raise DatabaseUnavailableError(
            f"no connection to PostgreSQL ({server}): {str(error) or type(error).__name__}; "
            "is it running, and is PUNKCAST_DATABASE_URL right?"
        ) from error

"""A `postgresql://` URL for any setting: an external server, or the embedded one, started on demand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from shared.database.pool import reaching, require_server_url
from shared.errors import InvalidInputError
from shared.settings import Settings
from shared.urls import redacted, split

_EXISTS_SQL = "select true from pg_database where datname = $1"


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """A `postgresql://` URL for `settings.database_url`.

    `embedded://` keeps its data in `settings.home / "postgres"`, `embedded:///abs/path` in that folder. The server runs
    as long as any process is inside this context. A `postgresql://` URL is returned unchanged.

    Raises:
        InvalidInputError: the setting is neither.
        EmbeddedDatabaseError: the server cannot run here.
    """
    if not settings.database_url.startswith("embedded:"):
        require_server_url(settings.database_url)
        yield settings.database_url
        return
    parts = split(settings.database_url, "PUNKCAST_DATABASE_URL")
    if parts.netloc or parts.query:
        raise InvalidInputError(
            f"PUNKCAST_DATABASE_URL is {redacted(settings.database_url)}: write embedded:// or embedded:///absolute/folder"
        )
    data = Path(parts.path) if parts.path.strip("/") else settings.home / "postgres"
    async with serve(data) as url:
        yield url


@asynccontextmanager
async def serve(data: Path, *, configuration: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """Start or join the server on the folder `data`; yield the URL of its database.

    Args:
        configuration: PostgreSQL settings that override the defaults; only the starting process applies them.

    Raises:
        EmbeddedDatabaseError: the server cannot run here.
    """
    # Imported here, because a process on an external server does not need it.
    from shared.database.embedded_server import DATABASE, EmbeddedServer  # noqa: PLC0415

    server = EmbeddedServer.on(data, configuration or {})
    entering = asyncio.ensure_future(asyncio.to_thread(server.enter))
    try:
        users = await asyncio.shield(entering)
    except asyncio.CancelledError:
        # The thread still starts the server, so a cancelled caller must leave it.
        await asyncio.to_thread(server.leave, await entering)
        raise
    try:
        await _create_database(server.url("postgres"), DATABASE)
        yield server.url(DATABASE)
    finally:
        await asyncio.shield(asyncio.to_thread(server.leave, users))


async def _create_database(url: str, name: str) -> None:
    with reaching(redacted(url)):
        connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval(_EXISTS_SQL, name):
            # Another process may create it at the same time.
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f"create database {name}")
    finally:
        await connection.close()

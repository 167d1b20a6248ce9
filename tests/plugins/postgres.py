"""A real PostgreSQL, migrated once per session. Tests get clones of the migrated database.

The server is that of PUNKCAST_TEST_DATABASE_URL, whose user may create databases; else one from wheels in a temporary
folder.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.database import embedded
from shared.database.migrate import migrate
from shared.database.pool import Connection
from tests.factories.database import Database, ask
from tests.factories.folders import server_folder

# A temporary server need not wait for the disk.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "log_min_messages": "fatal"}


@pytest.fixture(scope="session")
async def postgres_url() -> AsyncIterator[str]:
    """URL of a database on the test server, for creating other databases. Do not change its content."""
    given = os.environ.get("PUNKCAST_TEST_DATABASE_URL")
    if given:
        await _reachable(given)
        yield given
        return
    home = server_folder("punkcast-pg-")
    try:
        async with embedded.serve(home / "postgres", configuration=FORGETFUL) as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
async def template_database(postgres_url: str) -> AsyncIterator[str]:
    """Name of the migrated database that the others are copied from. Nobody connects to it."""
    async with fresh(postgres_url, template="template1", purpose="template") as url:
        await migrate(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture(scope="session")
async def database_url(postgres_url: str, template_database: str) -> AsyncIterator[str]:
    """URL of a migrated database shared by the session. Leave nothing behind."""
    async with fresh(postgres_url, template=template_database, purpose="session") as url:
        yield url


@pytest.fixture
async def fresh_database_url(postgres_url: str, template_database: str) -> AsyncIterator[str]:
    """URL of a migrated database for this test."""
    async with fresh(postgres_url, template=template_database, purpose="test") as url:
        yield url


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """URL of a database without tables, for this test."""
    async with fresh(postgres_url, template="template1", purpose="empty") as url:
        yield url


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A pool on a migrated database for this test."""
    opened = await Database.connect(fresh_database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    """A connection in a transaction that is rolled back after the test."""
    opened = await asyncpg.connect(database_url)
    transaction = opened.transaction()
    await transaction.start()
    yield opened
    await transaction.rollback()
    await opened.close()


@pytest.fixture
async def make_database(postgres_url: str, template_database: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Makes more migrated databases for a test that compares several; drops them after it."""
    async with AsyncExitStack() as stack:

        async def make() -> str:
            return await stack.enter_async_context(fresh(postgres_url, template=template_database, purpose="more"))

        yield make


@asynccontextmanager
async def fresh(server: str, *, template: str, purpose: str) -> AsyncIterator[str]:
    """URL of a copy of the database `template`, dropped at the end. The template must have no connections."""
    name = f"punkcast_{purpose}_{uuid4().hex[:12]}"
    await ask(server, f'create database "{name}" template "{template}" strategy file_copy')
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        await ask(server, f'drop database if exists "{name}" with (force)')


@asynccontextmanager
async def fresh_pool(server: str, *, template: str, purpose: str) -> AsyncIterator[Database]:
    """A pool on such a copy."""
    async with fresh(server, template=template, purpose=purpose) as url:
        opened = await Database.connect(url)
        yield opened
        await opened.close()


async def _reachable(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=10)
        allowed = await connection.fetchval("select rolcreatedb or rolsuper from pg_roles where rolname = current_user")
        await connection.close()
    except (OSError, asyncpg.exceptions.PostgresError, TimeoutError) as error:
        pytest.fail(
            f"PUNKCAST_TEST_DATABASE_URL does not answer ({error}); start it or unset the variable", pytrace=False
        )
    if not allowed:
        pytest.fail("the user of PUNKCAST_TEST_DATABASE_URL needs CREATEDB: alter role … createdb", pytrace=False)

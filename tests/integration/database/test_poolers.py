"""A real PgBouncer between the platform and PostgreSQL: session mode works, and transaction mode is refused."""

import asyncio
import os
import pwd
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import asyncpg
import pytest

from services.api.bootstrap import open_pool
from shared.database.migrate import migrate
from shared.database.pool import Database, SharedSessionError
from tests.factories.waiting import eventually
from tests.plugins.packages import found_or_installed
from tests.plugins.rabbitmq_node import free_ports

Pooled = Callable[[str], AbstractAsyncContextManager[str]]


def pgbouncer() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def pooled(empty_database_url: str) -> Pooled:
    """Runs PgBouncer in a pool mode; yields the URL of an empty database behind it."""
    program = found_or_installed(pgbouncer, "pgbouncer", remedy="install pgbouncer for these tests")
    server = urlsplit(empty_database_url)
    socket = parse_qs(server.query).get("host", [""])[0]
    names = {"host": socket or server.hostname, "port": server.port or 5432, "user": unquote(server.username or "")}
    names |= {"password": unquote(server.password)} if server.password else {}
    # It refuses to run as root, and only the owner of an embedded server's folder reaches its socket.
    owner = pwd.getpwnam(Path(socket).owner() if socket else "nobody")
    login = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    @asynccontextmanager
    async def run(mode: str) -> AsyncIterator[str]:
        (port,) = free_ports(1)
        with TemporaryDirectory(prefix="punkcast-pgbouncer-") as folder:
            Path(folder).chmod(0o755)
            config = Path(folder) / "pgbouncer.ini"
            config.write_text(
                f"[databases]\n* = {' '.join(f'{name}={value}' for name, value in names.items())}\n[pgbouncer]\n"
                f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = {mode}\n"
                "unix_socket_dir =\n"
            )
            process = await asyncio.create_subprocess_exec(program, "-q", str(config), **login)
            url = urlunsplit(server._replace(netloc=f"{names['user']}@127.0.0.1:{port}", query=""))
            try:
                await eventually(lambda: answers(url))
                yield url
            finally:
                process.kill()
                await process.wait()

    return run


async def answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, statement_cache_size=0)
    except (OSError, asyncpg.PostgresConnectionError):
        return False
    await connection.close()
    return True


async def test_in_session_mode_migrations_run_and_settings_and_notifications_hold(pooled: Pooled) -> None:
    async with pooled("session") as url:
        assert await migrate(url)
        database = await Database.connect(url, max_size=2)
        try:
            heard: asyncio.Queue[object] = asyncio.Queue()

            def note(*told: object) -> None:
                heard.put_nowait(told[-1])

            async with database.connection() as listener:
                await listener.add_listener("pooled", note)
                for told in ("once", "again"):
                    async with database.transaction() as connection:
                        await connection.execute("select pg_notify('pooled', $1)", told)
                        assert await connection.fetchval("show timezone") == "UTC"
                    assert await asyncio.wait_for(heard.get(), 20) == told
                await listener.remove_listener("pooled", note)
        finally:
            await database.close()


async def test_transaction_mode_is_refused_by_the_pool_with_the_reason(pooled: Pooled) -> None:
    async with pooled("transaction") as url:
        for _ in range(3):  # names of prepared statements collide from the second client on
            with pytest.raises(SharedSessionError, match="pool_mode = session"):
                await Database.connect(url)


async def test_transaction_mode_is_refused_before_a_migration_runs(pooled: Pooled) -> None:
    async with pooled("transaction") as url:
        with pytest.raises(SharedSessionError, match="need one session"):
            await migrate(url)
        connection = await asyncpg.connect(url, statement_cache_size=0)
        assert await connection.fetchval("select to_regclass('schema_migrations')") is None
        await connection.close()


async def test_the_gateway_refuses_transaction_mode_when_it_starts(pooled: Pooled) -> None:
    async with pooled("transaction") as url:
        with pytest.raises(SharedSessionError, match="pool_mode = session"):
            await open_pool(url)

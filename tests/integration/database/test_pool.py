"""The pool: UTC, transactions that commit or roll back, and one error for every kind of outage."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from unittest.mock import AsyncMock

import asyncpg
import pytest
from asyncpg.exceptions import InternalClientError

from shared.database import pool
from shared.database.pool import Connection, Database, DatabaseUnavailableError
from shared.errors import InvalidInputError, TransientError
from tests.factories.database import ask
from tests.factories.waiting import eventually


async def count(database: Database) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval("select count(*) from inbox"))


async def enter(connection: Connection, consumer: str) -> None:
    await connection.execute(
        "insert into inbox (consumer, message_id, handled_at) values ($1, gen_random_uuid(), now())", consumer
    )


async def terminate(url: str, condition: str = "pid <> pg_backend_pid()", *arguments: object) -> None:
    """Let the server close the sessions on this database that satisfy the condition."""
    sessions = f"pg_stat_activity where datname = current_database() and {condition}"
    await ask(url, f"select count(pg_terminate_backend(pid)) from {sessions}", *arguments)


async def test_sessions_have_a_name_and_use_utc(database: Database) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("show timezone") == "UTC"
        assert await connection.fetchval("show application_name") == "punkcast"
        instant = await connection.fetchval("select '2025-06-01 12:00'::timestamptz")
    assert instant == datetime(2025, 6, 1, 12, tzinfo=UTC)


async def test_a_transaction_commits_on_exit(database: Database) -> None:
    async with database.transaction() as connection:
        await enter(connection, "a")
        assert await count(database) == 0
    assert await count(database) == 1


async def test_an_exception_rolls_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await enter(connection, "a")
            raise ZeroDivisionError
    assert await count(database) == 0


async def test_cancelling_rolls_back_and_frees_the_connection(fresh_database_url: str) -> None:
    database = await Database.connect(fresh_database_url, max_size=1)
    inside = asyncio.Event()

    async def work() -> None:
        async with database.transaction() as connection:
            await enter(connection, "a")
            inside.set()
            await connection.execute("select pg_sleep(60)")

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(count(database), 5) == 0
    await database.close()


async def test_an_error_of_the_caller_is_not_an_outage(database: Database) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.connection():
            raise FileNotFoundError("mine")
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.connection() as connection:
            await connection.execute("select * from no_such_table")


async def test_an_unavailable_server_is_one_error_without_the_password(unused_tcp_port: int) -> None:
    with pytest.raises(DatabaseUnavailableError) as raised:
        await Database.connect(f"postgresql://someone:secret@127.0.0.1:{unused_tcp_port}/punkcast")
    assert isinstance(raised.value, TransientError)
    assert isinstance(raised.value, ConnectionError)
    assert "secret" not in str(raised.value)
    assert f"127.0.0.1:{unused_tcp_port}/punkcast" in str(raised.value)


@pytest.mark.parametrize("url", ["", "embedded://", "sqlite:///file", "host=127.0.0.1"])
async def test_only_a_server_url_opens_a_pool(url: str) -> None:
    with pytest.raises(InvalidInputError, match="PUNKCAST_DATABASE_URL"):
        await Database.connect(url)


async def test_connections_closed_by_the_server_are_replaced(database: Database, fresh_database_url: str) -> None:
    assert await count(database) == 0
    await terminate(fresh_database_url)
    # The first use may still find the dead connection; it must not stay in the pool.
    with suppress(asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, ConnectionError):
        await count(database)
    assert await count(database) == 0


async def test_a_connection_closed_during_a_query_is_an_outage(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match="lost"):
        async with database.connection():
            # asyncpg raises this in some orders of events.
            raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    assert await count(database) == 0


async def test_a_connection_closed_during_a_transaction_is_an_outage(
    database: Database, fresh_database_url: str
) -> None:
    with pytest.raises(DatabaseUnavailableError, match="lost"):
        async with database.transaction() as connection:
            process = await connection.fetchval("select pg_backend_pid()")
            await terminate(fresh_database_url, "pid = $1", process)
            await eventually(connection.is_closed)
            await enter(connection, "a")


async def test_a_server_that_has_become_a_standby_is_an_outage_and_its_connection_is_not_used_again(
    database: Database,
) -> None:
    processes = []
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError, match="takes no writes"):
            async with database.transaction() as connection:
                processes.append(await connection.fetchval("select pg_backend_pid()"))
                await connection.execute("set transaction read only")
                await enter(connection, "a")
    assert len(set(processes)) == 2


SLOW_SQL = """
create temp table slow (line text);
create function pg_temp.pause() returns trigger language plpgsql as $$ begin perform pg_sleep(0.05); return new; end $$;
create trigger pause before insert on slow for each row execute function pg_temp.pause();
"""


async def test_a_copy_that_the_server_has_paused_ends_with_its_connection(
    database: Database, fresh_database_url: str
) -> None:
    process = asyncio.get_running_loop().create_future()

    async def copy() -> None:
        async with database.transaction() as connection:
            await connection.execute(SLOW_SQL)
            process.set_result(await connection.fetchval("select pg_backend_pid()"))
            await connection.copy_to_table("slow", source=BytesIO((b"x" * 10_000 + b"\n") * 2_000))

    copying = asyncio.create_task(copy())
    identity = await process
    await asyncio.sleep(0.5)  # until the buffers are full, and the server holds the copy back
    await terminate(fresh_database_url, "pid = $1", identity)
    # Cancelling it would end it as well, so nothing here does.
    ended, _ = await asyncio.wait((copying,), timeout=10)
    assert ended == {copying}
    with pytest.raises(DatabaseUnavailableError, match="lost"):
        copying.result()
    assert await count(database) == 0


async def test_a_database_that_is_gone_is_an_outage_until_it_is_back(
    postgres_url: str, fresh_database_url: str
) -> None:
    database = await Database.connect(fresh_database_url, min_size=0)
    name = fresh_database_url.partition("?")[0].rpartition("/")[2]
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute(f'alter database "{name}" with allow_connections false')
        await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        with pytest.raises((DatabaseUnavailableError, asyncpg.ObjectNotInPrerequisiteStateError)):
            await count(database)
        await admin.execute(f'alter database "{name}" with allow_connections true')
        assert await count(database) == 0
    finally:
        await admin.close()
        await database.close()


@pytest.mark.parametrize("statements", [1, 2], ids=["in its first statement", "before its next statement"])
async def test_a_connection_closed_while_it_is_prepared_is_an_outage(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, statements: int
) -> None:
    async def closed(connection: asyncpg.Connection, _: str) -> None:
        for _ in range(statements - 1):
            with suppress(asyncpg.PostgresError):
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
        await connection.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(pool, "require_own_session", closed)
    with pytest.raises(DatabaseUnavailableError):
        await Database.connect(fresh_database_url)


async def test_an_answer_out_of_order_while_a_connection_is_prepared_is_an_outage(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So asyncpg ends when the server closes a connection between two steps of one statement.
    monkeypatch.setattr(pool, "require_own_session", AsyncMock(side_effect=InternalClientError("cannot switch")))
    with pytest.raises(DatabaseUnavailableError, match="cannot switch"):
        await Database.connect(fresh_database_url)


async def test_closing_does_not_wait_for_ever(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.database.pool._CLOSE_TIMEOUT_S", 0.2)
    database = await Database.connect(fresh_database_url)
    async with database.connection():
        await asyncio.wait_for(database.close(), 5)


@pytest.mark.parametrize("part", ["user", "database"])
async def test_a_refused_login_is_an_outage(database_url: str, part: str) -> None:
    wrong = re.sub(r"//[^/@]*@", "//stranger@", database_url)
    if part == "database":
        name = re.search(r"/(\w+)(\?|$)", database_url)
        assert name is not None
        wrong = database_url.replace(f"/{name[1]}", "/nowhere")
    assert wrong != database_url
    with pytest.raises(DatabaseUnavailableError, match="PUNKCAST_DATABASE_URL"):
        await Database.connect(wrong)


async def test_the_server_detects_vanished_clients(database: Database) -> None:
    async with database.connection() as connection:
        over_tcp = await connection.fetchval("select inet_client_addr() is not null")
        idle = await connection.fetchval("show tcp_keepalives_idle")
    assert idle == ("30" if over_tcp else "0")

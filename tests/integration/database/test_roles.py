"""Each service's login may do what its service does, and nothing else: tried on every table."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from shared.database import roles
from shared.database.migrate import migrate
from shared.database.pool import Connection
from shared.database.roles import WRITES, Right, grant, rights_on, role_of
from tests.factories import registry
from tests.factories.database import Database, ask
from tests.factories.rows import NOW

# Each asks for the right before it would touch a row.
TRIES = {
    "select": "select * from {table} limit 0",
    "insert": "insert into {table} default values",
    "update": "update {table} set {column} = {column} where false",
    "delete": "delete from {table} where false",
}
TABLES_SQL = """
select c.relname, (select attname from pg_attribute a
                   where a.attrelid = c.oid and attnum > 0 and attidentity = '' and not attisdropped
                   order by attnum limit 1)
from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
"""
SERVICES = list(WRITES)


async def allowed(connection: Connection, statement: str) -> bool:
    """Whether the rights of this connection suffice. The statement may fail for any other reason, and has no effect."""
    attempt = connection.transaction()
    await attempt.start()
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return False
    except asyncpg.PostgresError:
        return True
    finally:
        await attempt.rollback()
    return True


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_may_do_on_each_table_what_is_written_down_and_no_more(
    database: Database, service: str
) -> None:
    async with database.connection() as connection:
        columns = dict(await connection.fetch(TABLES_SQL))
    expected = rights_on(set(columns))
    login = await database.of(service)
    async with login.connection() as connection:
        for table, column in columns.items():
            if (table, service) == (roles.OWNED, roles.OWNER):
                continue
            for privilege, form in TRIES.items():
                statement = form.format(table=table, column=column)
                right = Right(role_of(service), table, privilege)
                # An update of a column reads it, too, and may be allowed for this column alone.
                of_column = right._replace(privilege=f"update ({column})") in expected and privilege == "update"
                reads = privilege != "update" or right._replace(privilege="select") in expected
                assert await allowed(connection, statement) == ((right in expected or of_column) and reads), statement


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_can_change_the_schema_or_switch_its_rules_off(database: Database, service: str) -> None:
    login = await database.of(service)
    async with login.connection() as connection:
        for statement in (
            "drop trigger append_only on decisions",
            "alter table model_pointer disable trigger all",
            "set session_replication_role = replica",
            "create or replace function punkcast_append_only() returns trigger language plpgsql as 'begin end'",
            "truncate outbox",
            "drop table generations",
            *(() if service == roles.OWNER else ("drop table nowcasts", "create table mine (n int)")),
            "alter table models owner to current_user",
            f"create role {role_of(service)}_too superuser",
            "copy (select 1) to program 'true'",
            "select pg_read_file('PG_VERSION')",
        ):
            assert not await allowed(connection, statement), statement


async def test_the_gateway_cannot_move_a_pointer_or_write_a_model(database: Database) -> None:
    login = await database.of("api")
    for statement in (
        "update model_pointer set generation = generation + 1",
        "update nowcast_pointer set generation_id = 1",
        "update models set state = 'champion'",
        "insert into models default values",
        "insert into decisions default values",
        "insert into model_pointer_history default values",
        "drop trigger swap on model_pointer",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute(statement)


async def test_the_nowcaster_locks_the_model_pointer_and_cannot_move_it(database: Database) -> None:
    await database.run(registry.promote, "first", NOW)
    login = await database.of("nowcaster")
    assert await login.value("select model_id from model_pointer for share") == registry.model_id("first")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await login.execute("update model_pointer set only_row = true")
    for column in ("model_id", "previous_model_id", "generation", "decision_id", "moved_at"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await login.execute(f"update model_pointer set {column} = {column}")


async def test_a_login_that_is_a_member_has_the_rights_of_its_service_and_cannot_take_others(
    fresh_database_url: str,
) -> None:
    name = f"punkcast_test_{uuid4().hex[:12]}"
    await ask(fresh_database_url, f"create role {name} login password '{name}' in role punkcast_api")
    try:
        parts = urlsplit(fresh_database_url)
        place = parts.netloc.rpartition("@")[2]
        member = urlunsplit(parts._replace(netloc=f"{name}:{name}@{place}"))
        assert await ask(member, "select count(*) from api_keys") == 0
        for role in ("punkcast_gatekeeper", "punkcast_operator"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await ask(member, f"set role {role}")
    finally:
        await ask(fresh_database_url, f"drop role {name}")


async def test_keys_and_secrets_of_clients_are_read_by_those_who_need_them(database: Database) -> None:
    readers = {table: set() for table in roles.SECRET}
    for service in SERVICES:
        login = await database.of(service)
        async with login.connection() as connection:
            for table in roles.SECRET:
                if await allowed(connection, f"select * from {table}"):
                    readers[table].add(service)
    assert readers == {
        "api_keys": {"api"},
        "idempotency_keys": {"api", "operator"},
        "webhooks": {"api", "notifier"},
        "webhook_deliveries": {"notifier"},
    }


async def test_every_table_is_written_by_some_service(database: Database) -> None:
    async with database.connection() as connection:
        tables = set(dict(await connection.fetch(TABLES_SQL)))
    written = {table for rights in WRITES.values() for table in rights} - {"market_events_seq_seq"}
    assert written <= tables
    # Written by a person's command, by a migration, or by no code of this release.
    assert tables - written == {"replays", "schema_migrations"}


async def test_a_right_that_no_longer_stands_is_taken_away(database: Database) -> None:
    await database.execute("grant insert, truncate on models to punkcast_api")
    await database.execute("grant update (body) on policies to punkcast_api")
    await database.run(grant)
    async with (await database.of("api")).connection() as connection:
        assert not await allowed(connection, "insert into models default values")
        assert not await allowed(connection, "truncate models")
        assert not await allowed(connection, "update policies set body = ''")


async def test_a_second_run_changes_nothing(database: Database) -> None:
    before = await database.rows("select oid, xmin from pg_class order by oid")
    assert await database.run(grant) == []
    assert await database.rows("select oid, xmin from pg_class order by oid") == before


async def test_migrations_of_several_databases_create_the_roles_at_the_same_time(
    postgres_url: str, make_database: Callable[[], Awaitable[str]]
) -> None:
    urls = [await make_database() for _ in range(4)]
    await asyncio.gather(*(migrate(url) for url in urls))
    for url in urls:
        assert await ask(url, "select has_table_privilege('punkcast_trainer', 'models', 'insert')")


async def test_a_user_who_may_create_no_roles_migrates_all_the_same_and_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "role_of", lambda service: f"punkcast_test_absent_{service}")
    async with database.connection() as connection:
        await connection.execute("create role punkcast_test_poor nologin")
        try:
            await connection.execute("set role punkcast_test_poor")
            missing = await grant(connection)
        finally:
            await connection.execute("reset role")
            await connection.execute("drop role punkcast_test_poor")
    assert missing == [f"punkcast_test_absent_{service}" for service in SERVICES]

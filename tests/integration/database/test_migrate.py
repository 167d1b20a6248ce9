"""Migrations are applied once, wholly, in order, and never silently changed."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from shared.database import migrate as runner
from shared.database.migrate import EditedMigrationError, MigrationBusyError, check, migrate, read_migrations
from shared.database.pool import DatabaseUnavailableError
from shared.errors import InvalidInputError


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "20260101000000_first.sql").write_text("-- migrate:up\ncreate table first (n int);\n")
    (tmp_path / "20260102000000_second.sql").write_text(
        "-- migrate:up\ninsert into first values (2);\ncreate table second (n int);\n"
    )
    return tmp_path


async def scalar(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_fresh_database_gets_everything_and_then_nothing(empty_database_url: str) -> None:
    everything = [migration.name for migration in read_migrations()]
    assert await check(empty_database_url) == everything
    assert await migrate(empty_database_url) == everything
    assert await check(empty_database_url) == []
    assert await migrate(empty_database_url) == []


async def test_checking_changes_nothing(empty_database_url: str, files: Path) -> None:
    await check(empty_database_url, directory=files)
    assert await scalar(empty_database_url, "select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_a_new_file_is_applied_alone(empty_database_url: str, files: Path) -> None:
    await migrate(empty_database_url, directory=files)
    (files / "20260103000000_third.sql").write_text("-- migrate:up\ncreate table third (n int);\n")
    assert await check(empty_database_url, directory=files) == ["20260103000000_third"]
    assert await migrate(empty_database_url, directory=files) == ["20260103000000_third"]
    assert await scalar(empty_database_url, "select count(*) from first") == 1


async def test_processes_that_start_together_apply_each_file_once(empty_database_url: str, files: Path) -> None:
    (files / "20260103000000_slow.sql").write_text("-- migrate:up\nselect pg_sleep(0.3);\n")
    applied = await asyncio.gather(*(migrate(empty_database_url, directory=files) for _ in range(5)))
    assert sorted(map(len, applied)) == [0, 0, 0, 0, 3]
    assert await scalar(empty_database_url, "select count(*) from first") == 1


async def test_a_file_that_fails_half_way_leaves_nothing_of_itself(empty_database_url: str, files: Path) -> None:
    (files / "20260103000000_bad.sql").write_text("-- migrate:up\ncreate table third (n int);\nselect 1 / 0;\n")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url, directory=files)
    assert await check(empty_database_url, directory=files) == ["20260103000000_bad"]
    assert await scalar(empty_database_url, "select to_regclass('third') is null")
    (files / "20260103000000_bad.sql").write_text("-- migrate:up\ncreate table third (n int);\n")
    assert await migrate(empty_database_url, directory=files) == ["20260103000000_bad"]


async def test_an_edited_file_is_refused_by_name(empty_database_url: str, files: Path) -> None:
    await migrate(empty_database_url, directory=files)
    (files / "20260101000000_first.sql").write_text("-- migrate:up\ncreate table first (n bigint);\n")
    for run in (migrate, check):
        with pytest.raises(EditedMigrationError, match=r"20260101000000_first\.sql was changed"):
            await run(empty_database_url, directory=files)


async def test_a_file_older_than_the_newest_applied_is_refused(empty_database_url: str, files: Path) -> None:
    await migrate(empty_database_url, directory=files)
    (files / "20260101120000_late.sql").write_text("-- migrate:up\ncreate table late (n int);\n")
    with pytest.raises(EditedMigrationError, match="give it a newer version"):
        await migrate(empty_database_url, directory=files)
    assert await scalar(empty_database_url, "select to_regclass('late') is null")


async def test_older_code_runs_on_a_newer_schema(empty_database_url: str, files: Path) -> None:
    await migrate(empty_database_url, directory=files)
    (files / "20260102000000_second.sql").unlink()
    assert await check(empty_database_url, directory=files) == []
    assert await migrate(empty_database_url, directory=files) == []


async def test_a_migration_does_not_queue_everyone_behind_a_busy_table(
    empty_database_url: str, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_DDL_LOCK_WAIT", "200ms")
    await migrate(empty_database_url, directory=files)
    (files / "20260103000000_wider.sql").write_text("-- migrate:up\nalter table first add column m int;\n")
    reader = await asyncpg.connect(empty_database_url)
    try:
        async with reader.transaction():
            await reader.fetch("select * from first")
            with pytest.raises(MigrationBusyError, match="run the migration again"):
                await migrate(empty_database_url, directory=files)
    finally:
        await reader.close()
    assert await migrate(empty_database_url, directory=files) == ["20260103000000_wider"]


async def test_a_server_that_is_away_is_worth_another_try(unused_tcp_port: int) -> None:
    for run in (migrate, check):
        with pytest.raises(DatabaseUnavailableError, match="PUNKCAST_DATABASE_URL"):
            await run(f"postgresql://someone:secret@127.0.0.1:{unused_tcp_port}/punkcast")


async def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"mysql: is no database URL"):
        await migrate("mysql://127.0.0.1/punkcast")

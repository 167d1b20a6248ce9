"""Migrations are applied once, wholly, in order, and never silently changed."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from shared.database import migrate as runner
from shared.database.migrate import EditedMigrationError, MigrationBusyError, check, migrate, read_migrations
from shared.database.pool import DatabaseUnavailableError
from shared.errors import InvalidInputError
from tests.factories.database import ask


@dataclass(frozen=True)
class Project:
    """A folder of migrations and an empty database."""

    folder: Path
    url: str

    def write(self, name: str, statements: str) -> None:
        (self.folder / f"{name}.sql").write_text(f"-- migrate:up\n{statements}\n")

    async def migrate(self) -> list[str]:
        return await migrate(self.url, directory=self.folder)

    async def check(self) -> list[str]:
        return await check(self.url, directory=self.folder)

    async def scalar(self, statement: str) -> object:
        return await ask(self.url, statement)


@pytest.fixture
def project(tmp_path: Path, empty_database_url: str) -> Project:
    project = Project(tmp_path, empty_database_url)
    project.write("20260101000000_first", "create table first (n int);")
    project.write("20260102000000_second", "insert into first values (2);\ncreate table second (n int);")
    return project


async def test_a_fresh_database_gets_everything_and_then_nothing(empty_database_url: str) -> None:
    everything = [migration.name for migration in read_migrations()]
    assert await check(empty_database_url) == everything
    assert await migrate(empty_database_url) == everything
    assert await check(empty_database_url) == []
    assert await migrate(empty_database_url) == []


async def test_checking_changes_nothing(project: Project) -> None:
    await project.check()
    assert await project.scalar("select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_a_new_file_is_applied_alone(project: Project) -> None:
    await project.migrate()
    project.write("20260103000000_third", "create table third (n int);")
    assert await project.check() == ["20260103000000_third"]
    assert await project.migrate() == ["20260103000000_third"]
    assert await project.scalar("select count(*) from first") == 1


async def test_processes_that_start_together_apply_each_file_once(project: Project) -> None:
    project.write("20260103000000_slow", "select pg_sleep(0.3);")
    applied = await asyncio.gather(*(project.migrate() for _ in range(5)))
    assert sorted(map(len, applied)) == [0, 0, 0, 0, 3]
    assert await project.scalar("select count(*) from first") == 1


async def test_a_file_that_fails_leaves_no_effects(project: Project) -> None:
    project.write("20260103000000_bad", "create table third (n int);\nselect 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await project.migrate()
    assert await project.check() == ["20260103000000_bad"]
    assert await project.scalar("select to_regclass('third') is null")
    project.write("20260103000000_bad", "create table third (n int);")
    assert await project.migrate() == ["20260103000000_bad"]


async def test_an_edited_file_is_refused_by_name(project: Project) -> None:
    await project.migrate()
    project.write("20260101000000_first", "create table first (n bigint);")
    for run in (project.migrate, project.check):
        with pytest.raises(EditedMigrationError, match=r"20260101000000_first\.sql was changed"):
            await run()


async def test_a_file_older_than_the_newest_applied_is_refused(project: Project) -> None:
    await project.migrate()
    project.write("20260101120000_late", "create table late (n int);")
    with pytest.raises(EditedMigrationError, match="give it a newer version"):
        await project.migrate()
    assert await project.scalar("select to_regclass('late') is null")


async def test_older_code_runs_on_a_newer_schema(project: Project) -> None:
    await project.migrate()
    (project.folder / "20260102000000_second.sql").unlink()
    assert await project.check() == []
    assert await project.migrate() == []


async def test_a_migration_does_not_queue_everyone_behind_a_busy_table(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_DDL_LOCK_WAIT", "200ms")
    await project.migrate()
    project.write("20260103000000_wider", "alter table first add column m int;")
    reader = await asyncpg.connect(project.url)
    try:
        async with reader.transaction():
            await reader.fetch("select * from first")
            with pytest.raises(MigrationBusyError, match="run the migration again"):
                await project.migrate()
    finally:
        await reader.close()
    assert await project.migrate() == ["20260103000000_wider"]


async def test_an_unavailable_server_is_a_transient_error(unused_tcp_port: int) -> None:
    for run in (migrate, check):
        with pytest.raises(DatabaseUnavailableError, match="PUNKCAST_DATABASE_URL"):
            await run(f"postgresql://someone:secret@127.0.0.1:{unused_tcp_port}/punkcast")


async def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"mysql: is not a database URL"):
        await migrate("mysql://127.0.0.1/punkcast")


async def test_nowcasts_of_an_earlier_release_become_the_one_partition(tmp_path: Path, empty_database_url: str) -> None:
    """The rows stay where they are, and the earlier release's COPY goes on."""
    for migration in read_migrations():
        if migration.version < "20261201060001":
            (tmp_path / f"{migration.name}.sql").write_text(f"-- migrate:up\n{migration.statements}")
    await migrate(empty_database_url, directory=tmp_path)
    connection = await asyncpg.connect(empty_database_url)
    rows = [(number, punk, 5, 4, 6, 3, 7, 2, 8, b"A") for number in (1, 2) for punk in range(3)]
    await connection.copy_records_to_table("nowcasts", records=rows[:3])
    file = "select pg_relation_filenode($1::text::regclass)"
    before = await connection.fetchval(file, "nowcasts")
    await migrate(empty_database_url)
    assert await connection.fetchval(file, "nowcasts_open") == before
    await connection.copy_records_to_table("nowcasts", records=rows[3:])
    assert [tuple(row) for row in await connection.fetch("select * from nowcasts order by 1, 2")] == rows
    await connection.close()

"""A backup restored into an empty server is the platform that was backed up, or it is refused."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from services.cli.backup import making, manifest, tools
from shared.clock import ManualClock
from shared.database.embedded_server import binaries
from shared.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError
from shared.storage.folder import FolderStore
from shared.stores.retention import job
from shared.stores.retention.policy import Companions, Inputs, NowcastRows, RetentionPolicy
from tests.factories import record
from tests.factories.database import Database, ask
from tests.factories.rows import NOW
from tests.integration.cli.conftest import run, said

POLICY = RetentionPolicy(
    nowcasts=NowcastRows(every_days=9, hourly_days=9), companions=Companions(days=2), inputs=Inputs(every_days=1)
)


@pytest.fixture
async def backed_up(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A thinned record of eleven days, backed up; the settings name the platform that it is a backup of."""
    monkeypatch.setenv("PUNKCAST_OBJECT_STORE_URL", f"folder://{tmp_path / 'objects'}")
    async with database.transaction() as connection:
        models = [("champion", await record.champion(connection, NOW - timedelta(days=12)))]
        await record.publish(
            connection, tmp_path / "objects", models, start=NOW - timedelta(days=11), end=NOW, punks=3,
            pace=timedelta(hours=1), readable=True,
        )  # fmt: skip
    store = FolderStore(tmp_path / "objects")
    done = await job.run(database=database, store=store, clock=ManualClock(NOW), policy=POLICY)
    assert done.generations > 20
    await put_model(database, store)
    await said("backup", "--to", str(tmp_path / "backups"))
    return tmp_path / "backups"


async def put_model(database: Database, store: FolderStore) -> None:
    """The champion's file, as the trainer stores it before the model is registered."""
    reference = await store.put("models", b"the champion", extension="json")
    async with database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "update models set artifact_key = $1, artifact_sha256 = $2, artifact_bytes = $3",
            reference.key, reference.sha256, reference.size,
        )  # fmt: skip


@pytest.fixture
def elsewhere(empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """From now on the settings name an empty database and an empty store."""

    def move() -> str:
        monkeypatch.setenv("PUNKCAST_DATABASE_URL", empty_database_url)
        monkeypatch.setenv("PUNKCAST_OBJECT_STORE_URL", f"folder://{tmp_path / 'restored'}")
        return empty_database_url

    return move


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


async def test_everything_comes_back_and_is_verified(
    backed_up: Path, database: Database, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    tables = "select array_agg(n order by n::text) from {} n"
    compared = (
        "nowcasts",
        "generations",
        "archives",
        "thinned_generations",
        "models",
        "decisions",
        "schema_migrations",
    )
    before = [await database.value(tables.format(table)) for table in compared]
    url = elsewhere()
    told = await said("restore", "--from", str(backed_up))
    assert [await ask(url, tables.format(table)) for table in compared] == before
    assert files(tmp_path / "restored") == files(tmp_path / "objects")
    kept = await ask(url, "select count(*) from generations where generation_id not in "
                          "(select generation_id from thinned_generations)")  # fmt: skip
    assert f"{kept} generations from rows, {11 * 24} from files" in told
    assert "up to date" in await said("migrate", "--check")
    # What protects the record protects it here, too.
    with pytest.raises(Exception, match="nowcasts is append-only"):
        await ask(url, "update nowcasts set value_wei = value_wei + 1")


async def test_a_second_backup_copies_only_new_objects(backed_up: Path, database: Database, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (backed_up / "objects").rglob("*.*")}
    await record_more(database, tmp_path / "objects")
    await asyncio.sleep(1.1)  # backups are named by the second
    await said("backup", "--to", str(backed_up))
    after = {path: path.stat().st_mtime_ns for path in (backed_up / "objects").rglob("*.*")}
    assert {path: at for path, at in after.items() if path in before} == before
    assert len(after) == len(before) + 2
    assert len(list(backed_up.glob("*/manifest.json"))) == 2


async def record_more(database: Database, root: Path) -> None:
    async with database.transaction() as connection:
        model = await connection.fetchval("select model_id from model_pointer")
        await record.publish(
            connection, root, [("champion", model)], start=NOW, end=NOW + timedelta(minutes=1), punks=3, readable=True
        )


async def test_what_is_filled_is_not_restored_into(
    backed_up: Path, elsewhere: Callable[[], str], tmp_path: Path
) -> None:
    with pytest.raises(ConflictError, match="the database has tables already"):
        await said("restore", "--from", str(backed_up))
    url = elsewhere()
    other = record.file(tmp_path / "restored", "models", b"another platform's", NOW)
    with pytest.raises(ConflictError, match=f"holds objects already.*{other.key}"):
        await said("restore", "--from", str(backed_up))
    assert await ask(url, "select count(*) from pg_tables where schemaname = 'public'") == 0


@pytest.mark.parametrize("part", ["dump", "object", "manifest", "rows"])
async def test_a_damaged_backup_is_told(backed_up: Path, elsewhere: Callable[[], str], part: str) -> None:
    elsewhere()
    backup = manifest.newest(backed_up)
    if part == "dump":
        with (backup / manifest.DUMP).open("r+b") as file:
            file.seek(1000)
            file.write(b"damaged")
    elif part == "object":
        next((backed_up / "objects" / "generations").rglob("*.parquet")).write_bytes(b"damaged")
    elif part == "manifest":
        (backup / manifest.NAME).write_text("{}")
    else:
        told = json.loads((backup / manifest.NAME).read_text())
        told["rows"]["outcomes"] += 1
        (backup / manifest.NAME).write_text(json.dumps(told))
    with pytest.raises((IntegrityError, InvalidInputError), match=r"damaged|SHA-256|manifest"):
        await said("restore", "--from", str(backed_up))


async def test_an_object_that_the_store_has_lost_is_named_and_the_rest_is_backed_up(
    backed_up: Path, database: Database, tmp_path: Path, elsewhere: Callable[[], str]
) -> None:
    await record_more(database, tmp_path / "objects")
    key = await database.value(
        "select object_key from archives where kind = 'generation' order by id::int desc limit 1"
    )
    (tmp_path / "objects" / key).unlink()
    await asyncio.sleep(1.1)  # backups are named by the second
    with pytest.raises(AssertionError, match=f"MISSING in the object store: {key}"):
        await said("backup", "--to", str(backed_up))
    elsewhere()
    await said("restore", "--from", str(backed_up))


async def test_a_folder_without_a_manifest_is_no_backup(backed_up: Path, elsewhere: Callable[[], str]) -> None:
    """The process was killed before the end."""
    elsewhere()
    (manifest.newest(backed_up) / manifest.NAME).unlink()
    with pytest.raises(NotFoundError, match="holds no backup"):
        await said("restore", "--from", str(backed_up))


def test_a_url_is_refused_before_the_database_is_asked() -> None:
    with pytest.raises(InvalidInputError, match="expected a folder"):
        run("backup", "--to", "s3://bucket/backups")


async def test_retention_waits_for_a_backup(backed_up: Path, database: Database, tmp_path: Path) -> None:
    async with database.connection() as connection:
        await connection.execute(making.SHARE_SQL)
        with pytest.raises(job.RetentionBusyError):
            await job.run(
                database=database, store=FolderStore(tmp_path / "objects"), clock=ManualClock(NOW), policy=POLICY
            )
        await connection.execute(making.UNSHARE_SQL)


def test_the_tool_of_the_servers_version_is_taken_and_the_packages_one_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda _: None)
    assert tools.find("pg_dump", 15) == binaries() / "pg_dump"
    with pytest.raises(NotFoundError, match="postgresql-client-99"):
        tools.find("pg_dump", 99)

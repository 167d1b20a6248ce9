"""Makes a backup. The dump and the list of objects are of one instant of the database."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from services.cli.backup import tools
from services.cli.backup.manifest import DUMP, NAME, Manifest, Object
from shared.database.pool import Connection, Database
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectNotFoundError, ObjectStore

# Retention, which removes objects, waits for the backup; the lock that its runs take alone.
SHARE_SQL = "select pg_advisory_lock_shared(hashtextextended('punkcast.retention', 0))"
UNSHARE_SQL = "select pg_advisory_unlock_shared(hashtextextended('punkcast.retention', 0))"
EXPORT_SQL = "select pg_export_snapshot()"
TABLES_SQL = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
order by 1
"""
OBJECTS_SQL = """
select object_key as key, object_sha256 as sha256, object_bytes as size from archives where removed_at is null
union
select artifact_key, artifact_sha256, artifact_bytes from models
order by 1
"""
Progress = Callable[[str, int, int], None]
"""Is told what is done, how much of it, and of how much."""


async def back_up(
    database: Database, url: str, store: ObjectStore, folder: Path, *, at: datetime, progress: Progress
) -> tuple[Path, Manifest]:
    """Back up into `folder`; objects that are there are not copied again. Returns the new backup's folder and manifest.

    Raises:
        NotFoundError: there is no pg_dump for this server. ToolError: it failed.
        IntegrityError: an object is damaged; StoreUnavailableError: a store cannot be read or written.
    """
    backup = folder / f"{at:%Y-%m-%dT%H%M%SZ}"
    backup.mkdir(parents=True)
    async with _without_retention(database):
        async with (
            database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            version = connection.get_server_version()
            program = await asyncio.to_thread(tools.find, "pg_dump", version.major)
            snapshot = await connection.fetchval(EXPORT_SQL)
            progress("dumping the database", 0, 1)
            await tools.run(
                program, url, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                f"--file={backup / DUMP}",
            )  # fmt: skip
            rows = await count_rows(connection)
            objects = [Object(**row) for row in await connection.fetch(OBJECTS_SQL)]
        missing = await _copy(objects, store, FolderStore(folder / "objects"), progress)
    dump = await asyncio.to_thread(sha256_of, backup / DUMP)
    manifest = Manifest(
        made_at=at,
        server_version=f"{version.major}.{version.minor}",
        dump_sha256=dump,
        dump_bytes=(backup / DUMP).stat().st_size,
        rows=rows,
        objects=objects,
        missing=missing,
    )
    unfinished = backup / f".{NAME}"
    unfinished.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    unfinished.replace(backup / NAME)
    return backup, manifest


async def count_rows(connection: Connection) -> dict[str, int]:
    """The rows of each table."""
    found = {}
    for row in await connection.fetch(TABLES_SQL):
        count = f'select count(*) from "{row["relname"]}"'
        found[row["relname"]] = int(await connection.fetchval(count))
    return found


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _copy(objects: list[Object], store: ObjectStore, target: FolderStore, progress: Progress) -> list[str]:
    """Copy what the target lacks. Returns the keys of objects that the store has lost."""
    missing = []
    for done, one in enumerate(objects):
        progress("copying objects", done, len(objects))
        if await target.exists(one.reference):
            continue
        try:
            await copy_object(one, store, target)
        except ObjectNotFoundError:
            missing.append(one.key)
    return missing


async def copy_object(one: Object, source: ObjectStore, target: ObjectStore) -> None:
    """Copy and compare with the hash. Raises what `get` and `put` raise."""
    body = await source.get(one.reference)
    await target.put(one.key.partition("/")[0], body, extension=one.key.rpartition(".")[2])


@asynccontextmanager
async def _without_retention(database: Database) -> AsyncIterator[None]:
    async with database.connection() as connection:
        await connection.execute(SHARE_SQL)
        try:
            yield
        finally:
            await connection.execute(UNSHARE_SQL)

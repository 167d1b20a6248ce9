"""Restores a backup into an empty database and store, and proves that everything is there."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from services.cli.backup import tools
from services.cli.backup.making import Progress, copy_object, count_rows, sha256_of
from services.cli.backup.manifest import DUMP, Manifest, read
from shared.database.pool import Connection, Database
from shared.errors import ConflictError, IntegrityError, NotFoundError
from shared.merkle import merkle_levels
from shared.storage.folder import FolderStore
from shared.storage.object_store import ObjectRef, ObjectStore
from shared.stores.generation_archive import read_lines
from shared.stores.retention.objects import KINDS

ANY_TABLE_SQL = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm') order by 1 limit 1
"""
GENERATIONS_SQL = """
select g.generation_id, g.row_count, g.values_sha256, g.merkle_root, t.generation_id is not null as thinned,
       a.object_key, a.object_sha256, a.object_bytes
from generations g
left join thinned_generations t using (generation_id)
left join archives a on a.kind = 'generation' and a.id = g.generation_id::text and a.removed_at is null
order by g.generation_id
"""
LINES_SQL = """
select punk_id, value_wei::text, lo50_wei::text, hi50_wei::text, lo80_wei::text, hi80_wei::text, lo90_wei::text,
       hi90_wei::text, confidence::text
from nowcasts where generation_id = $1 order by punk_id
"""


@dataclass(frozen=True)
class Verified:
    """What was compared: rows of all tables, objects, generations from their rows and from their files. `unproven`:
    companions of which neither is kept."""

    rows: int
    objects: int
    from_rows: int
    from_files: int
    unproven: int


async def restore(database: Database, url: str, store: ObjectStore, backup: Path, *, progress: Progress) -> Verified:
    """Restore the backup, then verify all of it. A restore that was interrupted before the database may be repeated.

    Raises:
        ConflictError: the database has tables, or the store holds other objects.
        NotFoundError: a part of the backup, or pg_restore for this server, is not there. ToolError: it failed.
        IntegrityError: a hash, a root or a count differs from the record.
    """
    manifest = read(backup)
    if not (backup / DUMP).exists():
        raise NotFoundError(f"{backup} has no {DUMP}")
    async with database.connection() as connection:
        table = await connection.fetchval(ANY_TABLE_SQL)
        server = connection.get_server_version().major
    if table is not None:
        raise ConflictError(f"the database has tables already ({table}); restore into an empty database")
    known = {one.key for one in manifest.objects}
    for kind in KINDS:
        async for listed in store.listing(kind):
            if listed.key not in known:
                raise ConflictError(f"the object store holds objects already ({listed.key}); restore into an empty one")
    if await asyncio.to_thread(sha256_of, backup / DUMP) != manifest.dump_sha256:
        raise IntegrityError(f"{backup / DUMP} is damaged: its SHA-256 is not that of the manifest")
    program = await asyncio.to_thread(tools.find, "pg_restore", server)
    source = FolderStore(backup.parent / "objects")
    there = [one for one in manifest.objects if one.key not in manifest.missing]
    for done, one in enumerate(there):
        progress("copying objects", done, len(there))
        await copy_object(one, source, store)
    progress("restoring the database", 0, 1)
    await tools.run(
        program, url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(backup / DUMP)
    )
    return await verify(database, store, manifest, progress=progress)


async def verify(database: Database, store: ObjectStore, manifest: Manifest, *, progress: Progress) -> Verified:
    """Compare the counts of rows, each object's bytes, and the hash and Merkle root of each generation.

    Raises:
        IntegrityError: something differs. NotFoundError: an object is not there.
    """
    async with database.connection() as connection:
        rows = await count_rows(connection)
        if rows != manifest.rows:
            tables = sorted({*rows, *manifest.rows})
            wrong = [name for name in tables if rows.get(name) != manifest.rows.get(name)]
            raise IntegrityError(f"other numbers of rows than the backup's manifest in {', '.join(wrong)}")
        there = [one for one in manifest.objects if one.key not in manifest.missing]
        for done, one in enumerate(there):
            progress("verifying objects", done, len(there))
            await store.get(one.reference)
        counts = Counter[str]()
        generations = await connection.fetch(GENERATIONS_SQL)
        for done, row in enumerate(generations):
            progress("verifying generations", done, len(generations))
            sources = dict[str, bytes]()
            if not row["thinned"]:
                sources["rows"] = await _lines(connection, row["generation_id"])
            if row["object_key"] is not None and row["object_key"] not in manifest.missing:
                file = ObjectRef(row["object_key"], row["object_sha256"], row["object_bytes"])
                sources["file"] = await read_lines(store, file, row["values_sha256"])
            for name, lines in sources.items():
                await asyncio.to_thread(_compare, name, lines, row)
            counts.update(sources.keys() or ["neither"])
    return Verified(sum(rows.values()), len(there), counts["rows"], counts["file"], counts["neither"])


async def _lines(connection: Connection, generation_id: int) -> bytes:
    found = BytesIO()
    await connection.copy_from_query(LINES_SQL, generation_id, output=found, format="csv")
    return found.getvalue()


def _compare(name: str, lines: bytes, recorded: Mapping[str, Any]) -> None:
    number = recorded["generation_id"]
    if hashlib.sha256(lines).hexdigest() != recorded["values_sha256"]:
        raise IntegrityError(f"the {name} of generation {number} are not the values that were published")
    if merkle_levels(lines)[-1][0].hex() != recorded["merkle_root"]:
        raise IntegrityError(f"the {name} of generation {number} do not have its Merkle root")

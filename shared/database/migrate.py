"""Forward-only migrations: plain SQL files in the dbmate format, applied once each, in order.

A file is applied in one transaction together with its row in `schema_migrations`, under an advisory lock, so several
processes may start at once. A file that changed after it was applied is refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import asyncpg

from shared.errors import ConflictError, InvalidInputError

MARKER = "-- migrate:up"
LOCK_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.migrate', 0))"
CREATE_TABLE = """
create table if not exists schema_migrations (
    version    text primary key,
    checksum   text not null,
    applied_at timestamptz not null default now()
)
"""
EXISTS_SQL = "select to_regclass('schema_migrations') is not null"
APPLIED = "select version, checksum from schema_migrations"
RECORD = "insert into schema_migrations (version, checksum) values ($1, $2)"


@dataclass(frozen=True)
class Migration:
    """One file: `version` is its name without `.sql`."""

    version: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def packaged() -> list[Migration]:
    """The migrations that ship with this version, in order.

    Raises:
        InvalidInputError: a file without the `-- migrate:up` marker.
    """
    found = []
    for entry in resources.files("shared.database").joinpath("migrations").iterdir():
        if not entry.name.endswith(".sql"):
            continue
        text = entry.read_text(encoding="utf-8")
        if not text.lstrip().startswith(MARKER):
            raise InvalidInputError(f"migration {entry.name} does not begin with {MARKER!r}")
        found.append(Migration(entry.name.removesuffix(".sql"), text))
    return sorted(found, key=lambda migration: migration.version)


async def migrate(url: str, migrations: list[Migration] | None = None) -> list[str]:
    """Apply what is pending and return the applied versions.

    Raises:
        ConflictError: a file was edited after it was applied, or the database is ahead of this version.
    """
    connection = await asyncpg.connect(url)
    try:
        applied = []
        for migration in migrations if migrations is not None else packaged():
            async with connection.transaction():
                await connection.execute(LOCK_SQL)
                await connection.execute(CREATE_TABLE)
                if migration.version in await _known(connection, migrations):
                    continue
                await connection.execute("set local lock_timeout = '5s'")
                await connection.execute(migration.sql)
                await connection.execute(RECORD, migration.version, migration.checksum)
                applied.append(migration.version)
        return applied
    finally:
        await connection.close()


async def check(url: str, migrations: list[Migration] | None = None) -> list[str]:
    """Versions that are not applied yet; changes nothing.

    Raises:
        ConflictError: as `migrate`.
    """
    connection = await asyncpg.connect(url)
    try:
        known = await _known(connection, migrations) if await connection.fetchval(EXISTS_SQL) else set()
        return [
            m.version
            for m in (migrations if migrations is not None else packaged())
            if m.version not in known
        ]
    finally:
        await connection.close()


async def _known(connection: asyncpg.Connection, migrations: list[Migration] | None) -> set[str]:
    checksums = {m.version: m.checksum for m in (migrations if migrations is not None else packaged())}
    known = set()
    for row in await connection.fetch(APPLIED):
        version = row["version"]
        if version not in checksums:
            raise ConflictError(
                f"the database has migration {version}, which this version does not; deploy a newer one"
            )
        if row["checksum"] != checksums[version]:
            raise ConflictError(
                f"migration {version} was edited after it was applied; restore the file and write a new migration"
            )
        known.add(version)
    return known

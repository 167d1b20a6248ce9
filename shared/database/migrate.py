"""Forward-only SQL migrations.

Files in `migrations/` are named `<14 digits>_<words>.sql` and hold one `-- migrate:up` block, the format of dbmate.
Each runs in one transaction with its row in `schema_migrations`, so it is applied wholly or not at all. An applied file
is frozen: every run compares its SHA-256.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.database import roles
from shared.database.pool import Connection, reaching, require_own_session, require_server_url
from shared.errors import ConflictError, InvalidInputError, TransientError
from shared.urls import redacted

MIGRATIONS = Path(__file__).parent / "migrations"

_NAME = re.compile(r"(?P<version>\d{14})_[a-z0-9_]+\.sql")
_UP = "-- migrate:up"
_LOCK_WAIT = "60s"  # for another process's migration
_DDL_LOCK_WAIT = "5s"  # for readers of the table; a longer wait would block everyone behind this statement

_LOCK_MIGRATIONS_SQL = "select pg_advisory_lock(hashtextextended('punkcast.migrations', 0))"
_CREATE_HISTORY_SQL = """
    create table if not exists schema_migrations (
        version    text primary key,
        checksum   text not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""
_HISTORY_EXISTS_SQL = "select to_regclass('schema_migrations') is not null"
_HISTORY_SQL = "select version, checksum from schema_migrations"
_RECORD_SQL = "insert into schema_migrations (version, checksum) values ($1, $2)"


@dataclass(frozen=True)
class Migration:
    """One file: its name without `.sql`, its statements, and the SHA-256 of its text."""

    name: str
    version: str
    statements: str
    checksum: str


class EditedMigrationError(ConflictError):
    """A file changed after it was applied."""


class MigrationBusyError(TransientError):
    """Another process is migrating, or locks a table that the migration must change."""


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of `directory`, oldest first.

    Raises:
        InvalidInputError: a file breaks the rules of name or form, or two files share a version.
    """
    migrations: dict[str, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            raise InvalidInputError(f"{path.name}: name a migration like 20261124000001_what_it_does.sql")
        text = path.read_text(encoding="utf-8")  # universal newlines: a checkout with CRLF has the same checksum
        before, marker, statements = text.partition(_UP + "\n")
        if not marker or before.strip():
            raise InvalidInputError(f"{path.name}: the first line must be `{_UP}`")
        if "-- migrate:down" in statements:
            raise InvalidInputError(f"{path.name}: migrations only go forward; write a new one to undo")
        version = name["version"]
        if version in migrations:
            raise InvalidInputError(f"{path.name}: the version {version} is taken by {migrations[version].name}.sql")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        migrations[version] = Migration(path.stem, version, statements, checksum)
    return list(migrations.values())


async def migrate(url: str, *, directory: Path = MIGRATIONS) -> list[str]:
    """Apply pending migrations, oldest first, then give the services' roles their rights. Concurrent processes wait.

    Returns:
        The names of the applied migrations.

    Raises:
        EditedMigrationError: an applied file changed, or a new one sorts before an applied one.
        MigrationBusyError: a lock timed out; nothing of that file was applied.
        DatabaseUnavailableError: the server does not answer.
    """
    migrations = read_migrations(directory)
    async with _connection(url) as connection:
        try:
            await connection.execute(f"set lock_timeout = '{_LOCK_WAIT}'")
            await connection.execute(_LOCK_MIGRATIONS_SQL)
            await connection.execute(f"set lock_timeout = '{_DDL_LOCK_WAIT}'")
            await connection.execute(_CREATE_HISTORY_SQL)
            pending = await _pending(connection, migrations)
            for migration in pending:
                async with connection.transaction():
                    await connection.execute(migration.statements)
                    await connection.execute(_RECORD_SQL, migration.version, migration.checksum)
            await roles.grant(connection)
        except asyncpg.LockNotAvailableError as error:
            raise MigrationBusyError(f"the database is busy: {error}; run the migration again") from error
    return [migration.name for migration in pending]


async def check(url: str, *, directory: Path = MIGRATIONS) -> list[str]:
    """The names of pending migrations. Read-only.

    Raises:
        EditedMigrationError: as `migrate` does.
        DatabaseUnavailableError: the server does not answer.
    """
    migrations = read_migrations(directory)
    async with _connection(url) as connection:
        if not await connection.fetchval(_HISTORY_EXISTS_SQL):
            return [migration.name for migration in migrations]
        return [migration.name for migration in await _pending(connection, migrations)]


async def _pending(connection: Connection, migrations: Sequence[Migration]) -> list[Migration]:
    applied = {row["version"]: row["checksum"] for row in await connection.fetch(_HISTORY_SQL)}
    pending = []
    for migration in migrations:
        recorded = applied.get(migration.version)
        if recorded is None:
            pending.append(migration)
        elif recorded != migration.checksum:
            raise EditedMigrationError(
                f"{migration.name}.sql was changed after it was applied; restore it and write a new migration"
            )
    # Unknown versions are fine: during a rolling update old code runs on a newer schema.
    newest = max(applied, default="")
    for migration in pending:
        if migration.version < newest:
            raise EditedMigrationError(
                f"{migration.name}.sql sorts before the applied {newest}; give it a newer version"
            )
    return pending


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[Connection]:
    """A dedicated connection: a pool would drop the session's advisory lock."""
    require_server_url(url)
    with reaching(redacted(url)):
        connection = await asyncpg.connect(
            url, server_settings={"application_name": "punkcast-migrate", "timezone": "UTC"}
        )
    try:
        with reaching(redacted(url)):
            await require_own_session(connection, url)
        yield connection
    finally:
        await connection.close()

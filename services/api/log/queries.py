"""The log's entries, its newest checkpoint, and the public keys."""

from collections.abc import Sequence

from services.api.log.schemas import LogLine, SigningKeyDocument
from shared.database.pool import Connection

CHECKPOINT_SQL = "select note from log_checkpoints order by checkpoint_id desc limit 1"
LINES_SQL = "select index, line from log_entries where index >= $1 order by index limit $2"
KEYS_SQL = "select verifier_key, first_used_at from signing_keys order by first_used_at, verifier_key"


async def checkpoint(connection: Connection) -> str | None:
    """The newest signed checkpoint; None before the first."""
    note: str | None = await connection.fetchval(CHECKPOINT_SQL)
    return note


async def lines(connection: Connection, *, start: int, limit: int) -> Sequence[LogLine]:
    """Entries from the index `start`, in order."""
    return [LogLine(**row) for row in await connection.fetch(LINES_SQL, start, limit)]


async def keys(connection: Connection) -> Sequence[SigningKeyDocument]:
    """In the order of their first use."""
    return [SigningKeyDocument(**row) for row in await connection.fetch(KEYS_SQL)]

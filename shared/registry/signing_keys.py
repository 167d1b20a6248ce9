"""The public keys that signed something here."""

from collections.abc import Iterable
from datetime import datetime

from shared.database.pool import Connection

REMEMBER_KEY_SQL = "insert into signing_keys (verifier_key, first_used_at) values ($1, $2) on conflict do nothing"


async def remember(connection: Connection, verifier_keys: Iterable[str], *, at: datetime) -> None:
    """Store public keys, as text, that signed something (idempotent)."""
    await connection.executemany(REMEMBER_KEY_SQL, [(key, at) for key in verifier_keys])

"""API keys at rest: the hash, never the key."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.errors import InvalidInputError, NotFoundError

SCOPES = ("train", "operate", "webhooks")
DEFAULT_SCOPES = ("train",)
"""Of a key made without naming any: promoting and freezing must be named."""

INSERT_KEY_SQL = """
insert into api_keys (key_id, name, secret_sha256, scopes, created_at) values ($1, $2, $3, $4, $5)
"""
FIND_KEY_SQL = """
select key_id, name, secret_sha256, scopes, created_at, revoked_at from api_keys where key_id = $1
"""
LIST_KEYS_SQL = """
select key_id, name, secret_sha256, scopes, created_at, revoked_at from api_keys order by created_at, key_id
"""
REVOKE_KEY_SQL = """
update api_keys set revoked_at = coalesce(revoked_at, $2) where key_id = $1 returning key_id
"""


@dataclass(frozen=True)
class StoredKey:
    """A row of `api_keys`."""

    key_id: str
    name: str
    secret_sha256: str
    scopes: Sequence[str]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key just made: `key` is shown once and cannot be read again."""

    key_id: str
    key: str


def fingerprint(key: str) -> str:
    """SHA-256 of a key. The secret has 256 bits of entropy, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


async def create(connection: Connection, *, name: str, scopes: Iterable[str], at: datetime) -> NewKey:
    """Make and store a key.

    Raises:
        InvalidInputError: an empty name, no scope, or an unknown one.
    """
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if scope not in SCOPES]
    if not chosen or unknown:
        raise InvalidInputError(f"scopes must be among {', '.join(SCOPES)}; got {', '.join(chosen) or 'none'}")
    if not name.strip() or len(name) > 80:
        raise InvalidInputError("a key needs a name of 1 to 80 characters that says who uses it")
    key_id = secrets.token_hex(6)
    key = f"pc_{key_id}_{secrets.token_urlsafe(32)}"
    await connection.execute(INSERT_KEY_SQL, key_id, name.strip(), fingerprint(key), chosen, at)
    return NewKey(key_id=key_id, key=key)


async def revoke(connection: Connection, key_id: str, *, at: datetime) -> None:
    """Refuse the key from now on (idempotent).

    Raises:
        NotFoundError: no key has that id.
    """
    if await connection.fetchval(REVOKE_KEY_SQL, key_id, at) is None:
        raise NotFoundError(f"there is no key {key_id!r}; `punkcast keys list` shows them")


async def find(connection: Connection, key_id: str) -> StoredKey | None:
    row = await connection.fetchrow(FIND_KEY_SQL, key_id)
    return StoredKey(**row) if row else None


async def listing(connection: Connection) -> Sequence[StoredKey]:
    """All keys, oldest first, revoked ones too."""
    return [StoredKey(**row) for row in await connection.fetch(LIST_KEYS_SQL)]

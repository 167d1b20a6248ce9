"""API keys at rest: the hash, never the key.

A key ends when it is revoked or expires. In the same transaction its webhooks are disabled, their undelivered events
are withdrawn, and its open training requests are cancelled.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from pydantic import TypeAdapter, ValidationError

from shared.contracts.messages import Actor
from shared.database.pool import Connection
from shared.errors import ConflictError, InvalidInputError, NotFoundError

SCOPES = ("read", "train", "operate", "webhooks")
DEFAULT_SCOPES = ("read",)
"""Of a key made without naming any: whatever writes must be named."""
RESERVED: Final = frozenset(
    {"operator", "policy", "retrain-policy", "settings", "bus", "cli", "api"}
    | {"backtester", "gatekeeper", "ingestor", "monitor", "notifier", "nowcaster", "scheduler", "trainer"}
)
"""Names of the platform's own actors."""
USE_NOTED_EVERY = timedelta(minutes=1)
_MOST_NAME = 80
_NAME_RULE = f"a key needs a name of 1 to {_MOST_NAME} characters that says who uses it"
_NO_SECRET = "0" * 64

INSERT_KEY_SQL = """
insert into api_keys (key_id, name, secret_sha256, scopes, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""
_COLUMNS = """key_id, name, secret_sha256, scopes, created_at, revoked_at, expires_at, last_used_at, previous_sha256,
       previous_until"""
FIND_KEY_SQL = f"select {_COLUMNS} from api_keys where key_id = $1"
LIST_KEYS_SQL = f"select {_COLUMNS} from api_keys order by created_at, key_id"
REVOKE_KEY_SQL = """
update api_keys set revoked_at = coalesce(revoked_at, $2) where key_id = $1 returning key_id
"""
REVOKE_EXPIRED_SQL = "update api_keys set revoked_at = $1 where revoked_at is null and expires_at <= $1"
ROTATE_KEY_SQL = """
update api_keys set previous_sha256 = secret_sha256, previous_until = $3, secret_sha256 = $2,
                    expires_at = coalesce($4, expires_at)
where key_id = $1 and revoked_at is null and (expires_at is null or expires_at > $5)
returning name
"""
HOLD_KEY_SQL = """
select key_id from api_keys where key_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
for share
"""
# Skips a row that somebody holds: knowing the last use is not worth a wait.
NOTE_USE_SQL = """
update api_keys set last_used_at = $2
where key_id in (
    select key_id from api_keys where key_id = $1 and (last_used_at is null or last_used_at <= $3)
    for no key update skip locked
)
"""
# Of every ended key: so nothing is left when a process of an older release has revoked a key.
_WHY = "case when k.expires_at <= k.revoked_at then 'the key has expired' else 'the key was revoked' end"
DISABLE_WEBHOOKS_SQL = f"""
update webhooks w set state = 'disabled', disabled_reason = {_WHY}
from api_keys k
where k.key_id = w.key_id and k.revoked_at is not null and w.state = 'active'
returning w.webhook_id
"""
WITHDRAW_DELIVERIES_SQL = f"""
update webhook_deliveries d set next_attempt_at = null, error = {_WHY}
from webhooks w join api_keys k using (key_id)
where w.webhook_id = d.webhook_id and k.revoked_at is not null and d.next_attempt_at is not null
"""
CANCEL_REQUESTS_SQL = f"""
update training_requests r
set status = 'cancelled', finished_at = $1, error = {_WHY}, lease_token = null, lease_until = null
from api_keys k
where r.origin = 'api:' || k.key_id and k.revoked_at is not null and r.status in ('queued', 'running')
returning r.request_id
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
    expires_at: datetime | None
    last_used_at: datetime | None
    previous_sha256: str | None
    previous_until: datetime | None

    def is_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at


@dataclass(frozen=True)
class NewKey:
    """A key just made: `key` is shown once and cannot be read again."""

    key_id: str
    key: str


@dataclass(frozen=True)
class Ended:
    """What ended with a key: numbers of webhooks and training requests."""

    webhooks: int
    requests: int


def fingerprint(key: str) -> str:
    """SHA-256 of a key. The secret has 256 bits of entropy, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def matches(stored: StoredKey | None, presented: str, *, at: datetime) -> bool:
    """Whether the presented key is the stored one, or the one before it during the overlap.

    The time does not depend on `stored`, so that it does not reveal which ids exist.
    """
    digest = fingerprint(presented)
    overlap = stored is not None and stored.previous_until is not None and stored.previous_until > at
    current = hmac.compare_digest(digest, stored.secret_sha256 if stored else _NO_SECRET)
    previous = hmac.compare_digest(digest, (stored.previous_sha256 if stored else None) or _NO_SECRET)
    return current or (previous and overlap)


async def create(
    connection: Connection, *, name: str, scopes: Iterable[str], at: datetime, lasting: timedelta | None = None
) -> NewKey:
    """Make and store a key, which expires after `lasting`; None: never.

    Raises:
        InvalidInputError: an unusable or reserved name, no scope, or an unknown one.
        ConflictError: a live key has the name.
    """
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if scope not in SCOPES]
    if not chosen or unknown:
        raise InvalidInputError(f"scopes must be among {', '.join(SCOPES)}; got {', '.join(chosen) or 'none'}")
    name = _usable(name)
    key_id, key = _new_key()
    columns = (key_id, name, fingerprint(key), chosen, at, _end_of(at, lasting))
    async with connection.transaction():
        await end_expired(connection, at=at)
        try:
            async with connection.transaction():
                await connection.execute(INSERT_KEY_SQL, *columns)
        except asyncpg.UniqueViolationError as error:
            raise ConflictError(f"a live key is named {name!r}; choose another name, or rotate that key") from error
    return NewKey(key_id=key_id, key=key)


async def rotate(
    connection: Connection, key_id: str, *, at: datetime, overlap: timedelta, lasting: timedelta | None = None
) -> NewKey:
    """Give the key another secret; the one before is valid for `overlap` more.

    The key then expires after `lasting`; None keeps the expiry.

    Raises:
        NotFoundError: no live key has that id.
    """
    _, key = _new_key(key_id)
    if (
        await connection.fetchval(ROTATE_KEY_SQL, key_id, fingerprint(key), at + overlap, _end_of(at, lasting), at)
        is None
    ):
        raise NotFoundError(f"there is no live key {key_id!r}; `punkcast keys list` shows them")
    return NewKey(key_id=key_id, key=key)


async def revoke(connection: Connection, key_id: str, *, at: datetime) -> Ended:
    """Refuse the key from now on, and end what it began (idempotent). Waits for transactions that hold the key.

    Raises:
        NotFoundError: no key has that id.
    """
    async with connection.transaction():
        if await connection.fetchval(REVOKE_KEY_SQL, key_id, at) is None:
            raise NotFoundError(f"there is no key {key_id!r}; `punkcast keys list` shows them")
        return await _end(connection, at)


async def end_expired(connection: Connection, *, at: datetime) -> None:
    """Revoke the keys that have expired, and end what ended keys have begun."""
    async with connection.transaction():
        await connection.execute(REVOKE_EXPIRED_SQL, at)
        await _end(connection, at)


async def hold(connection: Connection, key_id: str, *, at: datetime) -> bool:
    """Whether the key is valid; if so, nobody revokes it before this transaction ends."""
    return await connection.fetchval(HOLD_KEY_SQL, key_id, at) is not None


async def note_use(connection: Connection, key: StoredKey, *, at: datetime) -> None:
    """Record the use, at most once a minute."""
    due = at - USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= due:
        await connection.execute(NOTE_USE_SQL, key.key_id, at, due)


async def find(connection: Connection, key_id: str) -> StoredKey | None:
    row = await connection.fetchrow(FIND_KEY_SQL, key_id)
    return StoredKey(**row) if row else None


async def listing(connection: Connection) -> Sequence[StoredKey]:
    """All keys, oldest first, revoked ones too."""
    return [StoredKey(**row) for row in await connection.fetch(LIST_KEYS_SQL)]


async def _end(connection: Connection, at: datetime) -> Ended:
    webhooks = await connection.fetch(DISABLE_WEBHOOKS_SQL)
    await connection.execute(WITHDRAW_DELIVERIES_SQL)
    requests = await connection.fetch(CANCEL_REQUESTS_SQL, at)
    return Ended(len(webhooks), len(requests))


def _end_of(at: datetime, lasting: timedelta | None) -> datetime | None:
    return None if lasting is None else at + lasting


def _new_key(key_id: str | None = None) -> tuple[str, str]:
    """Id and key."""
    key_id = key_id or secrets.token_hex(6)
    return key_id, f"pc_{key_id}_{secrets.token_urlsafe(32)}"


def _usable(name: str) -> str:
    """The name as it is stored, so that names that look alike are alike."""
    try:
        said = TypeAdapter[str](Actor).validate_python(name)
    except ValidationError as error:
        rule = error.errors(include_url=False)[0]["msg"]
        raise InvalidInputError(f"{_NAME_RULE}: {rule}") from error
    name = " ".join(unicodedata.normalize("NFKC", said).split())
    if not 0 < len(name) <= _MOST_NAME:
        raise InvalidInputError(_NAME_RULE)
    if name.casefold() in RESERVED:
        raise InvalidInputError(f"{name!r} is reserved for the platform; choose a name that says who uses the key")
    return name

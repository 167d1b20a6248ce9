"""The object store: immutable bytes under content-addressed keys, verified on every read."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.errors import IntegrityError, NotFoundError, TransientError

_EXCESS_READ: Final = 1 << 20


@dataclass(frozen=True)
class ObjectRef:
    """The location and hash of an object. Messages and tables carry the reference, never the bytes."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it. `written_at`: when it was last put."""

    key: str
    size: int
    written_at: datetime


class ObjectNotFoundError(NotFoundError):
    """The store has no object with this key."""


class StoreUnavailableError(TransientError, ConnectionError):
    """The store does not answer, refuses access or is full. Messages wait until the outage ends."""


def content_key(kind: str, sha256: str, extension: str) -> str:
    """`models/ab/abcd….json`. The content determines the key, so writing twice is idempotent."""
    return f"{kind}/{sha256[:2]}/{sha256}.{extension}"


def reference_for(kind: str, body: bytes, extension: str) -> ObjectRef:
    digest = hashlib.sha256(body).hexdigest()
    return ObjectRef(key=content_key(kind, digest, extension), sha256=digest, size=len(body))


def refuse_excess(reference: ObjectRef, size: int) -> None:
    """Before the bytes are read: a file of gigabytes in place of a model must not fill the memory.

    Raises:
        IntegrityError: the object is longer than `most_read` allows.
    """
    if size > most_read(reference):
        raise IntegrityError(
            f"object {reference.key} has {size} bytes, expected {reference.size}; restore it from a backup"
        )


def most_read(reference: ObjectRef) -> int:
    """Bytes to read at most. Somewhat longer objects are read: `verify` then names the hash of what is there."""
    return reference.size + _EXCESS_READ


def verify(reference: ObjectRef, body: bytes) -> bytes:
    """Return `body` if its hash matches.

    Raises:
        IntegrityError: the bytes differ from the stored ones.
    """
    digest = hashlib.sha256(body).hexdigest()
    if digest != reference.sha256:
        raise IntegrityError(
            f"object {reference.key} has SHA-256 {digest}, expected {reference.sha256}; restore it from a backup"
        )
    return body


class ObjectStore(Protocol):
    """Content-addressed storage of files."""

    async def put(self, kind: str, body: bytes, *, extension: str) -> ObjectRef:
        """Store `body` (idempotent) and return its reference. Raises StoreUnavailableError."""

    async def get(self, reference: ObjectRef) -> bytes:
        """The verified bytes. Raises ObjectNotFoundError, IntegrityError, or StoreUnavailableError."""

    async def exists(self, reference: ObjectRef) -> bool: ...

    def listing(self, kind: str) -> AsyncIterator[Listed]:
        """All objects of a kind (`models`, `snapshots`, `generations`), in no order. Raises StoreUnavailableError."""

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error. Raises StoreUnavailableError."""

    async def close(self) -> None: ...

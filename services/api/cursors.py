"""Opaque, authenticated page cursors: a position in the list of one query, and of one generation."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256

import orjson

from services.api.problems import BadCursorError

_TAG_BYTES = 12
_LONGEST = 600
_LARGEST_GENERATION = 2**63 - 1


@dataclass(frozen=True)
class Position:
    """`scope` is a digest of list and query, `generation` the generation being paged (0: none), `key` the sort key of
    the last row."""

    scope: str
    generation: int
    key: tuple[str, ...]


def encode(position: Position, secret: bytes) -> str:
    """The cursor for `position`: URL-safe text."""
    body = orjson.dumps([position.scope, position.generation, *position.key])
    return base64.urlsafe_b64encode(_tag(body, secret) + body).rstrip(b"=").decode()


def decode(cursor: str, secret: bytes, *, scope: str, keys: int) -> Position:
    """The position behind a cursor of the same list and query, with `keys` key parts.

    Raises:
        BadCursorError: damaged, foreign, or of another list or other filters.
    """
    try:
        if len(cursor) > _LONGEST:
            raise ValueError
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, _tag(body, secret)):
            raise ValueError
        found, generation, key = _typed(orjson.loads(body))
    except (ValueError, binascii.Error) as error:
        raise BadCursorError("The cursor is damaged or was not made by this API.") from error
    if found != scope or len(key) != keys:
        raise BadCursorError("The cursor belongs to a request with other filters or another sort order.")
    return Position(scope=found, generation=generation, key=key)


def _typed(parts: object) -> tuple[str, int, tuple[str, ...]]:
    """The tag proves only that the maker knew the key, and the default key is public."""
    match parts:
        case [str(scope), int(generation), *key] if 0 <= generation <= _LARGEST_GENERATION:
            texts = [part for part in key if isinstance(part, str)]
            if len(texts) == len(key):
                return scope, generation, tuple(texts)
    raise ValueError


def _tag(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, body, sha256)[:_TAG_BYTES]

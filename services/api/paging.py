"""Lists and their pages: the cursor, the limit, and whether another page follows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from services.api import cursors
from services.api.config import digest
from services.api.gateway import Gateway
from services.api.problems import BadCursorError
from services.api.schemas import Strict
from services.api.view.current import View
from services.api.view.generation import Generation

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before, same filters")]
Item = TypeVar("Item")
Id = TypeVar("Id")
Key = TypeVar("Key")
Row = TypeVar("Row")
GenerationKey = tuple[int, int]
"""Sort key of an item in a generation, and its punk."""


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError when it has no time zone, or lies outside of what UTC can write."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC this lies outside of the years 1 to 9999") from error


def _with_time_and_zone(text: object) -> object:
    """Raises ValueError, which says what to type, for two frequent mistakes."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError(f"an instant needs a time: write {text}T00:00:00Z")
    if isinstance(text, str) and (match := re.fullmatch(r"(\S+T\S+) (\d\d:?\d\d)", text)):
        raise ValueError(f"a + in a URL is a space: write {match[1]}%2B{match[2]}, or the instant in UTC with Z")
    return text


Instant = Annotated[AwareDatetime, BeforeValidator(_with_time_and_zone), AfterValidator(utc)]


class List(Strict, Generic[Item]):
    """All there is, in one answer."""

    items: list[Item]


class Page(List[Item], Generic[Item]):
    """Part of a list. Go on with `next_cursor` until it is null."""

    next_cursor: str | None


@dataclass(frozen=True)
class Place(Generic[Key]):
    """Where a page begins.

    Attributes:
        before: the key of the last row of the page before; None for the first page.
        fetch: rows to read: one more than the page has, to know whether another page follows.
    """

    secret: bytes
    scope: str
    limit: int
    before: Key | None

    @classmethod
    def asked(
        cls, gateway: Gateway, scope: tuple[str, ...], cursor: str | None, limit: int, parse: Callable[[str, str], Key]
    ) -> Place[Key]:
        """`scope`: the list and its filters; `parse`: reads the two parts of a key. Raises BadCursorError."""
        secret, digested = gateway.config.cursor_key, digest(*scope)
        if cursor is None:
            return cls(secret, digested, limit, None)
        first, second = cursors.decode(cursor, secret, scope=digested, keys=2).key
        try:
            if "\x00" in first + second:
                raise ValueError("no text in the database has a NUL")
            return cls(secret, digested, limit, parse(first, second))
        except ValueError as error:
            raise BadCursorError("The cursor is damaged or was not made by this API.") from error

    @property
    def fetch(self) -> int:
        return self.limit + 1

    def page(self, rows: Sequence[Row], key: Callable[[Row], tuple[object, object]]) -> Page[Row]:
        """The page's rows, and the cursor of the next page. `key`: of a row."""
        shown, following = self.cut(rows, key)
        return Page(items=list(shown), next_cursor=following)

    def cut(self, rows: Sequence[Row], key: Callable[[Row], tuple[object, object]]) -> tuple[Sequence[Row], str | None]:
        """The page's rows, and the cursor of the next page, None after the last. `key`: of a row."""
        if len(rows) <= self.limit:
            return rows, None
        parts = [part.isoformat() if isinstance(part, datetime) else str(part) for part in key(rows[self.limit - 1])]
        return rows[: self.limit], cursors.encode(cursors.Position(self.scope, 0, tuple(parts)), self.secret)


def by_time(identity: Callable[[str], Id]) -> Callable[[str, str], tuple[datetime, Id]]:
    """Reads the key (instant, id) of a list that is sorted newest first."""
    return lambda at, text: (utc(datetime.fromisoformat(at)), identity(text))


def ordinal(text: str, *, bits: int = 63) -> int:
    """A number from 0 that fits a signed column of `bits` + 1 bits. Raises ValueError when it is none."""
    if not (text.isascii() and text.isdigit()) or int(text) >= 1 << bits:
        raise ValueError("no row has this number")
    return int(text)


async def generation_asked(
    gateway: Gateway, view: View, scope: str, cursor: str | None
) -> tuple[Generation, GenerationKey | None]:
    """For a list within a generation: the generation to page through, and the key of the last item of the page before.

    Raises BadCursorError.
    """
    if cursor is None:
        return view.generation, None
    position = cursors.decode(cursor, gateway.config.cursor_key, scope=scope, keys=2)
    try:
        first, second = map(int, position.key)
    except ValueError as error:
        raise BadCursorError("The cursor is damaged or was not made by this API.") from error
    return await gateway.follower.generation(position.generation), (first, second)


def next_cursor(gateway: Gateway, scope: str, generation: Generation, last: GenerationKey | None) -> str | None:
    """The cursor of the page after the item with the key `last`; None when no page follows."""
    if last is None:
        return None
    position = cursors.Position(scope, generation.record.generation_id, tuple(map(str, last)))
    return cursors.encode(position, gateway.config.cursor_key)

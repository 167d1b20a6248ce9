"""Cursors of lists that are read newest first from the database by (instant, id)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime

from services.api import cursors
from services.api.config import digest
from services.api.problems import BadCursorError

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before, same filters")]
Id = TypeVar("Id")


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError when it has no time zone, or lies outside of what UTC can write."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC this lies outside of the years 1 to 9999") from error


Instant = Annotated[AwareDatetime, AfterValidator(utc)]


def position_before(
    secret: bytes, scope: tuple[str, ...], cursor: str | None, parse: Callable[[str], Id]
) -> tuple[datetime, Id] | None:
    """The key of the last row seen; None for the first page. Raises BadCursorError."""
    if cursor is None:
        return None
    at, identity = cursors.decode(cursor, secret, scope=digest(*scope), keys=2).key
    try:
        if "\x00" in identity:
            raise ValueError("no text in the database has a NUL")
        return utc(datetime.fromisoformat(at)), parse(identity)
    except ValueError as error:
        raise BadCursorError("The cursor is damaged or was not made by this API.") from error


def next_cursor(secret: bytes, scope: tuple[str, ...], last: tuple[datetime, str] | None) -> str | None:
    """The cursor that goes on behind `last`; None when nothing follows."""
    if last is None:
        return None
    return cursors.encode(cursors.Position(digest(*scope), 0, (last[0].isoformat(), last[1])), secret)

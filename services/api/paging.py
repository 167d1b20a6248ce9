"""Pages of lists that are read newest first from the database by (instant, id)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime

from services.api import cursors
from services.api.config import digest
from services.api.gateway import Gateway
from services.api.problems import BadCursorError

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before, same filters")]
Id = TypeVar("Id")
Row = TypeVar("Row")


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError when it has no time zone, or lies outside of what UTC can write."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC this lies outside of the years 1 to 9999") from error


Instant = Annotated[AwareDatetime, AfterValidator(utc)]


@dataclass(frozen=True)
class Page(Generic[Id]):
    """A page of a list that is read newest first.

    Attributes:
        before: the key of the last row seen; None for the first page.
        fetch: how many rows to ask for: one more than the page has, which tells whether another page follows.
    """

    secret: bytes
    scope: str
    limit: int
    before: tuple[datetime, Id] | None

    @classmethod
    def asked(
        cls, gateway: Gateway, scope: tuple[str, ...], cursor: str | None, limit: int, parse: Callable[[str], Id]
    ) -> Page[Id]:
        """`scope`: the list and its filters; `parse`: reads an id. Raises BadCursorError."""
        secret, digested = gateway.config.cursor_key, digest(*scope)
        if cursor is None:
            return cls(secret, digested, limit, None)
        at, identity = cursors.decode(cursor, secret, scope=digested, keys=2).key
        try:
            if "\x00" in identity:
                raise ValueError("no text in the database has a NUL")
            return cls(secret, digested, limit, (utc(datetime.fromisoformat(at)), parse(identity)))
        except ValueError as error:
            raise BadCursorError("The cursor is damaged or was not made by this API.") from error

    @property
    def fetch(self) -> int:
        return self.limit + 1

    def cut(
        self, rows: Sequence[Row], key: Callable[[Row], tuple[datetime, object]]
    ) -> tuple[Sequence[Row], str | None]:
        """The page's rows, and the cursor of the next page, None after the last. `key`: instant and id of a row."""
        if len(rows) <= self.limit:
            return rows, None
        at, identity = key(rows[self.limit - 1])
        position = cursors.Position(self.scope, 0, (at.isoformat(), str(identity)))
        return rows[: self.limit], cursors.encode(position, self.secret)

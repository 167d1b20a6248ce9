"""What `punkcast export` reads."""

from enum import StrEnum


class Table(StrEnum):
    """What can be exported."""

    EVENTS = "events"
    SALES = "sales"
    FLOOR = "floor"
    BOOK = "book"
    NOWCASTS = "nowcasts"
    OUTCOMES = "outcomes"

"""The days that a command of the laboratory covers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.errors import InvalidInputError


@dataclass(frozen=True)
class Window:
    """Days, both inclusive, UTC.

    Raises:
        InvalidInputError: the last day is before the first.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidInputError(f"--to {self.last} is before --from {self.first}")

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The instant after the last day."""
        return datetime.combine(self.last, time(), UTC) + timedelta(days=1)

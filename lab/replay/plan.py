"""The simulated instants at which something is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lab.window import Window
from shared.errors import InvalidInputError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=366)
"""Bounds of the time between two nowcasts."""
EARLIEST, LATEST = date(2017, 6, 23), date(2999, 12, 31)
"""Punks exist since 22 June 2017. The latest day leaves room for date arithmetic."""
WARM_UP = timedelta(minutes=30)
"""The first nowcast is published this long before the window, so that its first sale already has a value."""


@dataclass(frozen=True)
class Plan(Window):
    """A window of days, and the interval between publications.

    Ingest, monitor and training go off every `watch_every` (in production every few minutes to an hour).

    Raises:
        InvalidInputError: the window is empty, or a time is out of bounds; the text names the option.
    """

    nowcast_every: timedelta
    watch_every: timedelta = HOUR

    def __post_init__(self) -> None:
        super().__post_init__()
        for option, day in (("--from", self.first), ("--to", self.last)):
            if not EARLIEST <= day <= LATEST:
                raise InvalidInputError(f"{option} {day} must be a day from {EARLIEST} to {LATEST}")
        if not SHORTEST <= self.nowcast_every <= LONGEST:
            raise InvalidInputError("--nowcast-every must be 5m to 366d")
        if DAY % self.watch_every:
            raise ValueError("a day must be a whole number of watches, or the daily check would be missed")

    @property
    def prelude(self) -> datetime:
        return self.start - WARM_UP

    def instants(self) -> Iterator[Instant]:
        """Every watch and every nowcast slot from the prelude to the end, in time order."""
        yield Instant(self.prelude, nowcast=False, retrain_check=True, hourly=True)
        nowcast, hour = self.start, self.start
        while min(nowcast, hour) <= self.end:
            at = min(nowcast, hour)
            yield Instant(
                at, nowcast=at == nowcast, retrain_check=at == hour and at.time() == time.min, hourly=at == hour
            )
            if at == nowcast:
                nowcast += self.nowcast_every
            if at == hour:
                hour += self.watch_every


@dataclass(frozen=True)
class Instant:
    """One simulated instant and the timers that go off at it."""

    at: datetime
    nowcast: bool
    retrain_check: bool
    hourly: bool

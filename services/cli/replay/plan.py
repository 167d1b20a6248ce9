"""Which simulated instants have something to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WARM_UP = timedelta(minutes=30)
"""The first nowcast is published this long before the window, so that its first sale already has a value."""


@dataclass(frozen=True)
class Plan:
    """A window of days, both inclusive, and how often to publish.

    Ingest, monitor and training go off every `watch_every` (in production every few minutes to an hour).
    """

    first: date
    last: date
    nowcast_every: timedelta
    watch_every: timedelta = HOUR

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"--to {self.last} is before --from {self.first}")
        if self.nowcast_every < timedelta(minutes=5):
            raise ValueError("--nowcast-every must be at least 5 minutes")

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The instant after the last day."""
        return datetime.combine(self.last + DAY, time.min, UTC)

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
                at,
                nowcast=at == nowcast,
                retrain_check=at == hour and at.hour == 0,
                hourly=at == hour,
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

"""Time as a dependency, so that a replay runs the production handlers under a simulated clock."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The time source of every service (UTC, timezone-aware)."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that only `move_to` and `sleep` advance."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at a timezone-aware instant")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def move_to(self, instant: datetime) -> None:
        """Advance to `instant`. Raises ValueError for an earlier instant."""
        if instant < self._now:
            raise ValueError(f"the clock is at {self._now.isoformat()}, it cannot go back to {instant.isoformat()}")
        self._now = instant

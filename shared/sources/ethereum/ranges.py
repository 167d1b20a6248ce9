"""A long range of blocks in parts of a size that the node accepts, several in flight, consumed in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from shared.sources.ethereum.failures import TooMuchAtOnceError

T = TypeVar("T")
Fetch = Callable[[int, int], Awaitable[list[T]]]

QUICK_S: Final = 2.0
SLOW_S: Final = 8.0
_TRY_MORE_AFTER: Final = 50


@dataclass
class Span:
    """How many blocks to ask for at once: halved when refused, doubled when the answer is quick and short.

    A size that was refused is not tried again at once: providers have fixed limits, and running into them with every
    other request would cost as many requests again. After fifty quick answers more is tried, because the market was
    not equally busy at all times.
    """

    blocks: int = 2_000
    largest: int = 100_000
    many: int = 2_000
    """Logs in an answer that is long enough."""

    def __post_init__(self) -> None:
        self._ceiling = self.largest
        self._quick = 0

    def refused(self, size: int) -> None:
        """A request for `size` blocks was too much."""
        self._ceiling = max(1, size // 2)
        self.blocks = min(self.blocks, self._ceiling)
        self._quick = 0

    def answered(self, size: int, *, seconds: float, logs: int) -> None:
        """A request for `size` blocks took so long and brought so many logs."""
        if seconds > SLOW_S:
            self.blocks = max(1, min(self.blocks, size // 2))
            return
        if seconds > QUICK_S or logs > self.many or size < self.blocks:
            return
        self._quick += 1
        if self._quick >= _TRY_MORE_AFTER:
            self._ceiling, self._quick = min(2 * self._ceiling, self.largest), 0
        self.blocks = min(2 * self.blocks, self._ceiling)


@dataclass(frozen=True)
class Part(Generic[T]):
    """Blocks `first` to `last` (inclusive) and what is in them."""

    first: int
    last: int
    found: list[T]


async def in_order(first: int, last: int, fetch: Fetch[T], *, span: Span, in_flight: int) -> AsyncGenerator[Part[T]]:
    """The blocks `first` to `last` in parts without a gap; leave it early as you like.

    Raises:
        TooMuchAtOnceError: a single block is too much.
    """
    waiting: deque[tuple[int, int, asyncio.Task[list[T]]]] = deque()
    following = first
    try:
        while waiting or following <= last:
            while following <= last and len(waiting) < in_flight:
                end = min(following + span.blocks - 1, last)
                waiting.append((following, end, asyncio.create_task(_fetched(following, end, fetch, span))))
                following = end + 1
            begin, end, task = waiting.popleft()
            try:
                found = await task
            except BaseException:
                task.cancel()
                raise
            yield Part(begin, end, found)
    finally:
        for *_, task in waiting:
            task.cancel()
        for *_, task in waiting:
            # What the others would have brought, or failed with, nobody wants any more.
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _fetched(first: int, last: int, fetch: Fetch[T], span: Span) -> list[T]:
    """What is in the blocks; divided for as long as it is too much."""
    size, started = last - first + 1, time.monotonic()
    try:
        found = await fetch(first, last)
    except TooMuchAtOnceError:
        span.refused(size)
        if size == 1:
            raise
    else:
        span.answered(size, seconds=time.monotonic() - started, logs=len(found))
        return found
    parts: list[T] = []
    while first <= last:
        # Not more than half of what was refused, and less when that was found to be too much as well.
        end = min(first + min(span.blocks, size // 2) - 1, last)
        parts += await _fetched(first, end, fetch, span)
        first = end + 1
    return parts

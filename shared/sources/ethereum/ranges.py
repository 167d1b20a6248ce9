"""Fetches a long range of blocks in parts that the node accepts, several in flight, consumed in order."""

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
    """The number of blocks per request: halved after a refusal, doubled after a quick and short answer.

    A refused size is the new maximum, because providers have fixed limits. After fifty quick answers the maximum is
    doubled, because the market is busier at some times than at others.

    Attributes:
        many: an answer with more logs is not short.
    """

    blocks: int = 2_000
    largest: int = 100_000
    many: int = 2_000

    def __post_init__(self) -> None:
        self._ceiling = self.largest
        self._quick = 0

    def refused(self, size: int) -> None:
        """A request for `size` blocks was refused."""
        self._ceiling = max(1, size // 2)
        self.blocks = min(self.blocks, self._ceiling)
        self._quick = 0

    def answered(self, size: int, *, seconds: float, logs: int) -> None:
        """A request for `size` blocks took `seconds` and returned this number of logs."""
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
    """The items of blocks `first` to `last` (inclusive)."""

    first: int
    last: int
    items: list[T]


async def in_order(first: int, last: int, fetch: Fetch[T], *, span: Span, in_flight: int) -> AsyncGenerator[Part[T]]:
    """The blocks `first` to `last` in parts without gaps. The caller may stop early.

    Raises:
        TooMuchAtOnceError: a single block is too large.
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
                items = await task
            except BaseException:
                task.cancel()
                raise
            yield Part(begin, end, items)
    finally:
        for *_, task in waiting:
            task.cancel()
        for *_, task in waiting:
            # Results and errors of the other requests are no longer needed.
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task


async def _fetched(first: int, last: int, fetch: Fetch[T], span: Span) -> list[T]:
    """The items of the blocks; divides the range until the node accepts it."""
    size, started = last - first + 1, time.monotonic()
    try:
        items = await fetch(first, last)
    except TooMuchAtOnceError:
        span.refused(size)
        if size == 1:
            raise
    else:
        span.answered(size, seconds=time.monotonic() - started, logs=len(items))
        return items
    items = []
    while first <= last:
        # At most half of the refused size, less if that was refused as well.
        end = min(first + min(span.blocks, size // 2) - 1, last)
        items += await _fetched(first, end, fetch, span)
        first = end + 1
    return items

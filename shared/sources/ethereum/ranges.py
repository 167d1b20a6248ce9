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
    """The number of blocks per request: reduced after a refusal, doubled after a quick and short answer.

    After a refusal, the size that works is kept. Every fifty quick answers it grows by half of the distance to the
    refused size, and then beyond it, because the market is busier at some times than at others.

    Attributes:
        many: an answer with more logs is not short.
    """

    blocks: int = 2_000
    largest: int = 100_000
    many: int = 2_000

    def __post_init__(self) -> None:
        self._refused_size: int | None = None
        self._worked = self.blocks
        self._quick = 0

    def refused(self, size: int, *, hint: int | None = None) -> None:
        """A request for `size` blocks was refused; `hint`: a number of blocks that the nodes suggest."""
        smaller = hint if hint is not None and hint < size else max(1, size // 2)
        self._refused_size, self._quick = size, 0
        self.blocks = min(self.blocks, smaller)

    def failed(self) -> None:
        """A single block was refused, so the size was not the reason."""
        self.blocks, self._refused_size = self._worked, None

    def answered(self, size: int, *, seconds: float, logs: int) -> None:
        """A request for `size` blocks took `seconds` and returned this number of logs."""
        if size >= self.blocks:
            self._worked = size
        if seconds > SLOW_S:
            self.blocks = max(1, min(self.blocks, size // 2))
            return
        if seconds > QUICK_S or logs > self.many or size < self.blocks:
            return
        if self._refused_size is None:
            self.blocks = min(2 * self.blocks, self.largest)
            return
        self._quick += 1
        if self._quick >= _TRY_MORE_AFTER:
            self._quick = 0
            if self._refused_size - self.blocks <= max(self.blocks // 8, 1):
                self._refused_size *= 2
            self.blocks = min((self.blocks + self._refused_size) // 2, self.largest)


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
    except TooMuchAtOnceError as error:
        if size == 1:
            span.failed()
            raise
        span.refused(size, hint=error.blocks)
    else:
        span.answered(size, seconds=time.monotonic() - started, logs=len(items))
        return items
    items = []
    while first <= last:
        # Less than the refused size, even less if that was refused as well.
        end = min(first + min(span.blocks, size - 1) - 1, last)
        items += await _fetched(first, end, fetch, span)
        first = end + 1
    return items

"""Waits for a condition instead of a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
STUCK_AFTER_S = 120.0


async def eventually(condition: Callable[[], T | Awaitable[T]], *, within_s: float = 20.0) -> T:
    """Evaluate the condition until it is true, and return its value. Fails after `within_s`."""
    deadline = monotonic() + within_s
    while True:
        result = condition()
        value = await result if isawaitable(result) else result
        if value:
            return value
        assert monotonic() < deadline, f"the condition did not become true within {within_s:g} s"
        await asyncio.sleep(0.01)


async def nothing_left(
    look: Callable[[], Awaitable[Sequence[str]]], *, looks: int = 1, stuck_after_s: float = STUCK_AFTER_S
) -> Sequence[str]:
    """Look until nothing is left, `looks` times in a row, or what is left has not changed for so long; returns that.

    A busy machine may take its time; only a standstill is a failure.
    """
    quiet, before, changed = 0, None, monotonic()
    while True:
        left = await look()
        quiet = 0 if left else quiet + 1
        if left != before:
            before, changed = left, monotonic()
        if quiet == looks or monotonic() - changed > stuck_after_s:
            return left
        await asyncio.sleep(1.0)

"""Waits for a condition instead of a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from time import monotonic
from typing import TypeVar

T = TypeVar("T")


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

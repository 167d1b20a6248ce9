"""Ending background tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

PATIENCE_S: Final = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and wait until they are over, whatever they end with.

    One cancellation is not enough: `asyncio.wait_for` of Python 3.11, which database drivers use, swallows one that
    arrives together with what it waited for, and the task would go on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=PATIENCE_S)
        for task in done:
            if not task.cancelled():
                task.exception()  # looked at, or asyncio complains of one that nobody retrieved

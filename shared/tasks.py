"""Ends background tasks."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

PATIENCE_S: Final = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel the tasks and wait until all are done, ignoring their results.

    One cancellation may not suffice: `asyncio.wait_for` of Python 3.11, used by database drivers, swallows a
    cancellation that arrives together with its result. The task would then never end.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=PATIENCE_S)
        for task in done:
            if not task.cancelled():
                task.exception()  # retrieve it, or asyncio logs it as never retrieved

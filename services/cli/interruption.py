"""Ctrl-C ends a command in order: cleaned up, reported in one line, exit code 128 + signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def run_interruptibly(work: Coroutine[Any, Any, T], console: Console, *, advice: str) -> T:
    """Run `work` in an event loop of its own; SIGINT or SIGTERM cancels it.

    Raises:
        typer.Exit: it was interrupted; `advice` is printed.
    """
    caught: list[int] = []

    async def until_signal() -> T:
        task = asyncio.ensure_future(work)

        def interrupt(number: int) -> None:
            caught.append(number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, interrupt, number)
        return await task

    try:
        # The loop removes its signal handlers when it closes.
        return asyncio.run(until_signal())
    except asyncio.CancelledError:
        if not caught:
            raise
    except KeyboardInterrupt:  # before the loop listened, or again while it cleaned up
        caught.append(signal.SIGINT)
    console.print(advice, soft_wrap=True)
    raise typer.Exit(128 + caught[0])

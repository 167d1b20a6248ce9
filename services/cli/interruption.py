"""Ctrl-C as an ordinary end: cleaned up, said in one line, exit code 128 + signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")
ENDING = (signal.SIGINT, signal.SIGTERM)


class _Interrupted(Exception):  # noqa: N818 - not an error
    def __init__(self, number: int) -> None:
        self.number = number


def run_interruptibly(work: Coroutine[Any, Any, T], console: Console, *, advice: str) -> T:
    """Run `work` in an event loop of its own; SIGINT or SIGTERM cancels it.

    Raises:
        typer.Exit: it was interrupted; `advice` is printed.
    """
    try:
        return asyncio.run(_until_signal(work))
    except _Interrupted as interrupted:
        number = interrupted.number
    except KeyboardInterrupt:  # before the loop listened, or impatiently again while it cleaned up
        number = signal.SIGINT
    console.print(advice, soft_wrap=True)
    raise typer.Exit(128 + number)


async def _until_signal(work: Coroutine[Any, Any, T]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    caught: list[int] = []

    def interrupt(number: int) -> None:
        caught.append(number)
        task.cancel()

    for number in ENDING:
        loop.add_signal_handler(number, interrupt, number)
    try:
        return await task
    except asyncio.CancelledError:
        if caught:
            raise _Interrupted(caught[0]) from None
        raise
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)

"""`punkcast backfill`: the market's history from a node, in the foreground."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.context import platform
from services.cli.interruption import run_interruptibly
from services.cli.options import duration
from shared.errors import TransientError
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta
    from typing import TypeVar

    from rich.console import Console

    from services.cli.progress import Steps
    from shared.runtime.platform import Platform
    from shared.sources.source import BlockSource

    T = TypeVar("T")

GO_ON = "Interrupted. What is stored is kept: the same command resumes with the next block."
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 60.0


@dataclass
class _Done:
    """The progress of this run."""

    events: int = 0
    sales: int = 0
    blocks: int = 0
    block: int = 0
    missing_closes: int = 0


@dataclass
class Waiting:
    """Repeats work while the node is away, and says so. `give_up_after_s`: after so long without success, the error."""

    say: Callable[[str], None]
    give_up_after_s: float | None = None
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def until_done(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result. Raises TransientError when the time is over, and every other error at once."""
        waited_s, pause_s = 0.0, FIRST_PAUSE_S
        while True:
            try:
                return await work()
            except TransientError as error:
                if self.give_up_after_s is not None and waited_s + pause_s > self.give_up_after_s:
                    raise
                self.say(f"{error}; next try in {pause_s:g} s")
            await self.sleep(pause_s)
            waited_s, pause_s = waited_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)


def backfill_command(
    first_block: Annotated[
        int | None,
        typer.Option(
            "--from", min=0, help="Compare the stored events from this block on, and read again what is wrong."
        ),
    ] = None,
    give_up_after: Annotated[
        str | None, typer.Option(help="End with an error when the node is away for so long, like 30m; default: never.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print only the result.")] = False,
) -> None:
    """Read the market from the node of PUNKCAST_SOURCE_URL up to now. After an interruption, run it again to resume."""
    from rich.console import Console

    settings, console, started = Settings(), Console(), perf_counter()
    limit = None if give_up_after is None else duration(give_up_after)
    work = _on_platform(settings, console, first_block=first_block, give_up_after=limit, quiet=quiet)
    done = run_interruptibly(work, console, advice=GO_ON)
    seconds = perf_counter() - started
    console.print(
        f"{done.events:,} events and {done.sales:,} sales of {done.blocks:,} blocks stored in {seconds:.1f} s "
        f"({done.blocks / seconds:,.0f} blocks/s); read up to block {done.block:,}",
        soft_wrap=True,
    )
    if done.missing_closes:
        console.print(
            f"{done.missing_closes:,} ETH/USD closes are missing: PUNKCAST_PRICE_URL did not give them; the ingestor "
            "asks again",
            soft_wrap=True,
        )


async def _on_platform(
    settings: Settings, console: Console, *, first_block: int | None, give_up_after: timedelta | None, quiet: bool
) -> _Done:
    from shared.sources.source import chain_of

    source = chain_of(settings)
    try:
        async with platform(settings, log_level="ERROR") as opened:
            from services.cli.progress import steps

            with steps(console, quiet=quiet) as shown:
                waiting = Waiting(shown.say, give_up_after.total_seconds() if give_up_after else None)
                return await _backfill(opened, source, shown, waiting, first_block)
    finally:
        await source.close()


async def _backfill(
    opened: Platform, source: BlockSource, shown: Steps, waiting: Waiting, first_block: int | None
) -> _Done:
    from services.cli.bundled import begin_with_history
    from services.embedded import lone_ingestor
    from shared.stores import source_repository

    await begin_with_history(opened, source, shown.say)
    ingestor = lone_ingestor(opened, source)
    done, started, again_from = _Done(), perf_counter(), None
    shown.show("asking the node")
    if first_block is not None:
        again_from = await waiting.until_done(lambda: _first_wrong_block(opened, source, first_block))
        shown.say(
            "all stored events are right" if again_from is None else f"block {again_from:,} is wrong: reading again"
        )
    while True:
        begin = again_from
        step = await waiting.until_done(lambda begin=begin: ingestor.backfill(again_from=begin))  # type: ignore[misc]
        again_from = None
        read = step.stored.read
        done.events, done.sales = done.events + step.stored.appended, done.sales + step.sales
        if read is None:  # a running ingestor was quicker
            continue
        done.blocks, done.block = done.blocks + max(read.last - read.after, 0), read.last
        shown.show(
            f"block {read.last:,}",
            # Of this run alone, so that the time that remains follows from its own speed.
            of=(done.blocks, done.blocks + max(read.target - read.last, 0)),
            note=f"{done.blocks / (perf_counter() - started):,.0f} blocks/s · {done.events:,} events",
        )
        if step.stored.more_after is None:
            async with opened.database.connection() as connection:
                done.missing_closes = len(await source_repository.missing_closes(connection, opened.clock.now()))
            return done


async def _first_wrong_block(opened: Platform, source: BlockSource, first: int) -> int | None:
    from shared.stores import chain_repository
    from shared.stores.chain_comparison import first_wrong_block

    async with opened.database.connection() as connection:
        last = await chain_repository.read_up_to(connection, source.identity)
    return await first_wrong_block(opened.database, source, first, last)

"""`punkcast backfill`: the market's history from a node, in the foreground."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import typer

from services.cli.context import platform
from services.cli.interruption import run_interruptibly
from shared.errors import InvalidInputError
from shared.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from shared.runtime.platform import Platform
    from shared.sources.source import BlockSource

GO_ON = "Interrupted. What is stored is kept: the same command resumes with the next block."


@dataclass
class _Done:
    """The progress of this run."""

    events: int = 0
    sales: int = 0
    blocks: int = 0
    block: int = 0


def backfill_command(quiet: bool = typer.Option(False, "--quiet", help="Print only the result.")) -> None:
    """Read the market from the node of PUNKCAST_SOURCE_URL up to now. After an interruption, run it again to resume."""
    from rich.console import Console

    settings, console, started = Settings(), Console(), perf_counter()
    done = run_interruptibly(_on_platform(settings, console, quiet=quiet), console, advice=GO_ON)
    seconds = perf_counter() - started
    console.print(
        f"{done.events:,} events and {done.sales:,} sales of {done.blocks:,} blocks stored in {seconds:.1f} s "
        f"({done.blocks / seconds:,.0f} blocks/s); read up to block {done.block:,}",
        soft_wrap=True,
    )


async def _on_platform(settings: Settings, console: Console, *, quiet: bool) -> _Done:
    from shared.sources.source import BlockSource, source_of

    source = source_of(settings)
    if not isinstance(source, BlockSource):
        raise InvalidInputError(
            "only a chain is read piece by piece: set PUNKCAST_SOURCE_URL to ethereum+https://host/path; files are for "
            "`punkcast import`"
        )
    try:
        async with platform(settings, log_level="ERROR") as opened:
            from services.cli.progress import progress_bar

            with progress_bar(console, quiet=quiet) as progress:
                return await _backfill(opened, source, progress)
    finally:
        await source.close()


async def _backfill(opened: Platform, source: BlockSource, progress: Progress) -> _Done:
    from services.embedded import lone_ingestor

    ingestor = lone_ingestor(opened, source)
    done, started = _Done(), perf_counter()
    task = progress.add_task("asking the node", total=None, note="")
    while True:
        stored = (step := await ingestor.backfill()).stored
        read = stored.read
        done.events, done.sales = done.events + stored.appended, done.sales + step.sales
        if read is None:  # a running ingestor was quicker
            continue
        done.blocks, done.block = done.blocks + max(read.last - read.after, 0), read.last
        progress.update(
            task,
            description=f"block {read.last:,}",
            # Of this run alone, so that the time that remains follows from its own speed.
            total=done.blocks + max(read.target - read.last, 0),
            completed=done.blocks,
            note=f"{done.blocks / (perf_counter() - started):,.0f} blocks/s · {done.events:,} events",
        )
        if stored.more_after is None:
            return done

"""`punkcast backfill`: the market's history from a node, in the foreground."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.cli.context import platform
from services.cli.interruption import run_interruptibly
from shared.errors import InvalidInputError
from shared.market.reader import MarketReader
from shared.market.source import BlockSource, source_of
from shared.runtime.platform import Platform
from shared.settings import Settings
from shared.telemetry.logging import configure

GO_ON = "Interrupted. What is stored is kept: the same command goes on with the next block."


@dataclass
class _Done:
    """What this run did so far."""

    events: int = 0
    sales: int = 0
    blocks: int = 0
    block: int = 0


def backfill_command(
    quiet: bool = typer.Option(False, "--quiet", help="No progress, only what came of it."),
) -> None:
    """Read the market from the node of PUNKCAST_SOURCE_URL up to now; interrupted, it goes on with the next block."""
    settings, console, started = Settings(), Console(), perf_counter()
    configure(settings.model_copy(update={"log_level": "ERROR"}), "cli")
    done = run_interruptibly(_on_platform(settings, console, quiet=quiet), console, advice=GO_ON)
    seconds = perf_counter() - started
    console.print(
        f"{done.events:,} events and {done.sales:,} sales of {done.blocks:,} blocks stored in {seconds:.1f} s "
        f"({done.blocks / seconds:,.0f} blocks/s); read up to block {done.block:,}",
        soft_wrap=True,
    )


async def _on_platform(settings: Settings, console: Console, *, quiet: bool) -> _Done:
    source = source_of(settings)
    if not isinstance(source, BlockSource):
        raise InvalidInputError(
            "only a chain is read piece by piece: set PUNKCAST_SOURCE_URL to ethereum+https://host/path; files are for "
            "`punkcast import`"
        )
    try:
        async with platform(settings) as opened:
            with Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=console,
                transient=True,
                disable=quiet,
            ) as progress:
                return await _backfill(opened, source, progress)
    finally:
        await source.close()


async def _backfill(opened: Platform, source: BlockSource, progress: Progress) -> _Done:
    # Imported here: the other commands need no ingestor.
    from services.ingestor.bootstrap import build_ingestor  # noqa: PLC0415

    ingestor = build_ingestor(opened, source, MarketReader())
    done, started = _Done(), perf_counter()
    task: TaskID = progress.add_task("asking the node", total=None, rate="")
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
            rate=f"{done.blocks / (perf_counter() - started):,.0f} blocks/s · {done.events:,} events",
        )
        if stored.more_after is None:
            return done

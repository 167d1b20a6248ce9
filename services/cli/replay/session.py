"""A replay from the command line: platform, progress display, summary table."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Display
from rich.table import Table

from services.cli.replay.driver import Progress, Replay
from services.cli.replay.plan import Plan
from services.cli.replay.summary import Summary, summarise
from shared.clock import ManualClock
from shared.database.embedded import database_url
from shared.database.migrate import migrate
from shared.market.source import MarketSource
from shared.messaging.memory import MemoryBus
from shared.runtime.platform import open_platform
from shared.settings import Settings


async def play(settings: Settings, source: MarketSource, plan: Plan, console: Console) -> Summary:
    """Play the window in the settings' database and return its figures.

    Raises:
        ConflictError: the database belongs to another replay.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock = ManualClock(plan.prelude)
    bus = MemoryBus(clock)
    async with database_url(settings) as url:
        await migrate(url)
        resolved = settings.model_copy(update={"database_url": url, "broker_url": "memory://"})
        async with open_platform(resolved, clock=clock, bus=bus) as platform:
            with _display(console) as display:
                task = display.add_task("starting", total=None, at="", nowcasts=0, scored=0)

                def show(progress: Progress) -> None:
                    display.update(
                        task,
                        description=progress.stage,
                        completed=progress.done,
                        total=progress.of or None,
                        at=f"{progress.at:%Y-%m-%d}",
                        nowcasts=progress.nowcasts,
                        scored=progress.scored,
                    )

                replay = Replay(platform, clock, bus, source, plan, on_progress=show)
                await replay.run()
            async with platform.database.connection() as connection:
                return await summarise(connection, start=plan.start, end=plan.end, wall_s=replay.wall_s)


def report(summary: Summary, console: Console, *, to_file: Path | None) -> None:
    """The lifecycle log and the summary table; with `to_file` the figures as JSON too."""
    console.print("\n[bold]Lifecycle[/bold]")
    for line in summary.lifecycle:
        console.print(line, highlight=False, soft_wrap=True)
    table = Table(title="Replay summary", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    rows = {
        "nowcasts published": f"{summary.nowcasts:,}",
        "valid sales": f"{summary.valid_sales:,}",
        "sales scored": f"{summary.scored:,}",
        "median APE": _percent(summary.median_ape),
        "median APE of the floor": _percent(summary.floor_median_ape),
        "MAPE": _percent(summary.mape),
        "median bias": _percent(summary.median_bias),
        "80 % interval covers": _percent(summary.coverage80),
        "90 % interval covers": _percent(summary.coverage90),
        "contenders": f"{summary.contenders}",
        "promotions": f"{summary.promotions}",
        "rejections": f"{summary.rejections}",
        "shadows started": f"{summary.shadows}",
        "rollbacks": f"{summary.rollbacks}",
        "wall clock": f"{summary.wall_s:.0f} s",
        "peak memory": f"{summary.peak_rss_mib:.0f} MiB",
        "values SHA-256": summary.values_sha256[:16],
        "models SHA-256": summary.models_sha256[:16],
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    if to_file is not None:
        to_file.write_text(json.dumps(summary.as_json(), indent=2) + "\n")


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:.2%}"


def _display(console: Console) -> Display:
    return Display(
        TextColumn("{task.description:18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[at]} · {task.fields[nowcasts]} nowcasts · {task.fields[scored]} sales scored"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )

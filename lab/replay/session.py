"""A replay from the command line: platform, progress display, summary table."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Display
from rich.progress import TaskID
from rich.table import Table

from lab.replay.driver import Progress, Replay
from lab.replay.plan import Plan
from lab.replay.summary import Summary, summarise
from lab.stage import opened
from services.cli.files import write_json
from services.cli.progress import progress_bar
from shared.registry import explanations
from shared.settings import Settings
from shared.sources.source import MarketSource
from shared.telemetry.logging import configure

GO_ON = "Interrupted. What is done is kept: the same command resumes where this one stopped."
LINE_EVERY_PERCENT = 5
"""Progress between two lines, where there is no terminal."""


async def play(
    settings: Settings,
    source: MarketSource,
    plan: Plan,
    console: Console,
    *,
    started: float | None = None,
    to_file: Path | None = None,
    follow: Callable[[datetime], None] = lambda _: None,
) -> None:
    """Play the window in the settings' database and report its figures. The database is complete at the end.

    Args:
        started: begin of the wall clock of the figures, monotonic seconds; without it, now.
        to_file: where to write the figures as JSON too.
        follow: is told the simulated time whenever it moved, first when the database is ready.

    Raises:
        ConflictError: the database belongs to another replay, or is being played by another process.
        InvalidInputError: the source holds nothing to play.
    """
    started = time.monotonic() if started is None else started
    # The summary reports what happened; meanwhile only errors are worth a line.
    configure(settings.model_copy(update={"log_level": "ERROR"}), "replay")
    async with opened(settings, plan.prelude, name="replay") as stage:
        with progress_bar(console, keep=True) as display:
            shown = _Bar(display) if console.is_terminal else _LogLines(console)

            def update(progress: Progress) -> None:
                shown.update(progress)
                follow(progress.at)

            replay = Replay(stage, source, plan, started=started, on_progress=update)
            played = await replay.run()
        follow(plan.end)
        if not played:
            console.print("This replay was played before; these are its figures.")
        for letter in await stage.bus.dead_letters():
            console.print(f"[yellow]given up by the {letter.consumer}[/yellow]: {letter.reason}", soft_wrap=True)
        async with stage.platform.database.connection() as connection:
            summary = await summarise(connection, start=plan.start, end=plan.end, wall_s=replay.wall_s)
            unexplained = await explanations.unexplained(connection)
        _report(summary, console, to_file=to_file)
        if unexplained is not None:
            console.print("Working out the reasons for the last values, which take longer than the values …")
            await replay.complete()


class _Bar:
    """The progress line."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._task: TaskID | None = None

    def update(self, progress: Progress) -> None:
        counts = f"{progress.at:%Y-%m-%d} · {progress.nowcasts:,} nowcasts · {progress.scored:,} sales"
        if self._task is None:
            self._task = self._display.add_task("", total=None, note="")
        if progress.of and self._display.tasks[0].total is None:
            # The speed is measured from here, without the progress of an earlier run.
            self._display.reset(self._task, total=progress.of, completed=progress.done)
        self._display.update(self._task, description=progress.stage, completed=progress.done, note=counts)


class _LogLines:
    """A line of progress at intervals, for a log file."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._percent = 0

    def update(self, progress: Progress) -> None:
        percent = 100 * progress.done // progress.of if progress.of else 0
        due = percent >= self._percent + LINE_EVERY_PERCENT or (progress.of == 0 and progress.stage != self._stage)
        self._stage = progress.stage
        if due:
            self._percent = percent
            counts = f"{progress.nowcasts:,} nowcasts, {progress.scored:,} sales"
            self._console.print(f"{percent:3} % {progress.stage} {progress.at:%Y-%m-%d}: {counts}", highlight=False)


def _report(summary: Summary, console: Console, *, to_file: Path | None) -> None:
    """The lifecycle log and the summary table."""
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
        write_json(to_file, summary)


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction:.2%}"

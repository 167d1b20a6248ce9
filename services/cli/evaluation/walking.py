"""What the commands that walk through history share: their options, and a bar that says how long it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from services.cli.replay_command import duration
from shared.errors import InvalidInputError

Events: TypeAlias = Annotated[
    Path, typer.Option(help="Folder with events*.parquet, punks.parquet, eth_usd_daily.parquet.")
]
Out: TypeAlias = Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")]
Horizons: TypeAlias = Annotated[
    list[str], typer.Option("--horizon", help="Value this long before each sale, like 30m, 24h, 7d. Again for more.")
]
Threads: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Threads of the fits; without, PUNKCAST_THREADS, as the trainer.")
]
ParamsFile: TypeAlias = Annotated[
    Path | None, typer.Option("--params", help="Parameters of the fits; without, those the trainer uses.")
]
Force: TypeAlias = Annotated[bool, typer.Option("--force", help="Write over what is in the folder.")]

ALL_HORIZONS = ["30m", "24h", "7d"]


def distinct_horizons(texts: list[str]) -> tuple[timedelta, ...]:
    """The horizons as lengths, the shortest first.

    Raises:
        InvalidInputError: one is no duration, or two are of the same length.
    """
    lengths = sorted(duration(text) for text in texts)
    if len(set(lengths)) < len(lengths):
        raise InvalidInputError(f"--horizon: two of {', '.join(texts)} are the same")
    return tuple(lengths)


@contextmanager
def progress_bar(console: Console, description: str) -> Iterator[Callable[[float], None]]:
    """A bar with the time that remains; yields what takes the share done, 0 to 1."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("·"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task(description, total=1.0)
        yield lambda share: progress.update(task, completed=share)

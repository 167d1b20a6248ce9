"""The progress bar of every command that takes a while."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


def progress_bar(console: Console, *, keep: bool = False, quiet: bool = False) -> Progress:
    """Each task gives a description and the field `note`. With `keep` the bar stays when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=console,
        transient=not keep,
        disable=quiet,
    )

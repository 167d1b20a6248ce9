"""The progress bar of every long command."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


def progress_bar(console: Console, *, keep: bool = False, quiet: bool = False) -> Progress:
    """A bar. Each task has a description and the field `note`. With `keep` the bar stays at the end."""
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

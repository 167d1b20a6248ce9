"""The progress bar of every long command."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

LINE_EVERY_S: Final = 10.0
"""Pause between two lines of progress where there is no terminal."""


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


class Steps:
    """The progress of one task: a bar on a terminal, elsewhere a line now and then."""

    def __init__(self, console: Console, progress: Progress, *, quiet: bool) -> None:
        self._console, self._progress, self._quiet = console, progress, quiet
        self._task = progress.add_task("", total=None, note="")
        self._line_at = 0.0

    def show(self, what: str, *, of: tuple[int, int] | None = None, note: str = "") -> None:
        """Show the present step; `of`: how much is done, of how much."""
        done, total = of or (0, None)
        self._progress.update(self._task, description=what, completed=done, total=total, note=note)
        if self._console.is_terminal or self._quiet or monotonic() < self._line_at:
            return
        self._line_at = monotonic() + LINE_EVERY_S
        share = f"{100 * done / total:3.0f} % " if total else ""
        self.say(f"{share}{what}{f': {note}' if note else ''}")

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if not self._quiet:
            self._console.print(line, soft_wrap=True, highlight=False)


@contextmanager
def steps(console: Console, *, quiet: bool = False) -> Iterator[Steps]:
    """The progress of one task."""
    with progress_bar(console, quiet=quiet or not console.is_terminal) as progress:
        yield Steps(console, progress, quiet=quiet)

"""`punkcast evaluate`: how good the values would have been on a stretch of history, strictly forward."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import duration
from shared.errors import InvalidInputError

ALL_HORIZONS = ["30m", "24h", "7d"]


def evaluate_command(
    events: Annotated[Path, typer.Option(help="Folder with events*.parquet, punks.parquet, eth_usd_daily.parquet.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of sales, UTC.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive.")],
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")],
    refit_every: Annotated[str, typer.Option(help="Fit a new model this often, like 14d.")] = "14d",
    horizon: Annotated[
        list[str],
        typer.Option("--horizon", help="Value this long before each sale, like 30m, 24h, 7d. Again for more."),
    ] = ALL_HORIZONS,
    params: Annotated[
        Path | None, typer.Option("--params", help="Parameters of the fits; without, those the trainer uses.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the fits; without, PUNKCAST_THREADS, as the trainer.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over what is in the folder.")] = False,
) -> None:
    """Value every valid sale of a window with models that ended before it, and report how close the values were.

    Writes report.json, predictions.parquet, report.md (the main table) and charts (SVG and PNG).
    """
    duration(refit_every)  # refused before anything is read
    horizons = _distinct(horizon)

    from lab.evaluation.session import run
    from lab.history import Window
    from shared.settings import Settings

    run(
        events,
        Window(first.date(), last.date()),
        out,
        refit_every=refit_every,
        horizons=horizons,
        params_file=params,
        threads=threads or Settings().threads,
        force=force,
    )


def _distinct(texts: list[str]) -> tuple[timedelta, ...]:
    """The horizons as lengths, the shortest first.

    Raises:
        InvalidInputError: one is no duration, or two are of the same length.
    """
    lengths = sorted(duration(text) for text in texts)
    if len(set(lengths)) < len(lengths):
        raise InvalidInputError(f"--horizon: two of {', '.join(texts)} are the same")
    return tuple(lengths)

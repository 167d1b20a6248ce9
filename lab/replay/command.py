"""`punkcast replay`: history through the production handlers under a simulated clock."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lab.replay.plan import Plan
from lab.replay.session import play, report
from services.cli.interruption import run_interruptibly
from services.cli.options import duration
from shared.errors import InvalidInputError
from shared.market.event_files import EventFileSource
from shared.settings import Settings

GO_ON = "Interrupted. What is done is kept: the same command goes on where this one stopped."


def replay(
    events: Annotated[Path, typer.Option(help="Folder with events.parquet, punks.parquet, eth_usd_daily.parquet")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive")],
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "12h",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
) -> None:
    """Replay history: publish, score, train, gate, promote, watch and roll back as it would have happened.

    Everything lies under PUNKCAST_HOME. Interrupted, the same command goes on where it was.
    """
    started = time.monotonic()
    plan = Plan(first.date(), last.date(), duration(nowcast_every))
    settings = Settings()
    if json_file is not None:
        require_writable(json_file)
    console = Console()
    source = EventFileSource(events)
    summary = run_interruptibly(play(settings, source, plan, console, started=started), console, advice=GO_ON)
    report(summary, console, to_file=json_file)


def require_writable(file: Path) -> None:
    """Found out now rather than after everything was played.

    Raises:
        InvalidInputError: nothing can be written there.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"--json {file}: its folder cannot be made ({error.strerror})") from error
    if file.is_dir() or not os.access(file.parent, os.W_OK):
        raise InvalidInputError(f"--json {file}: is a folder, or in one that cannot be written to; name another file")

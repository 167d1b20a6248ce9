"""`punkcast replay`: history through the production handlers under a simulated clock."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lab.replay.plan import Plan
from services.cli.files import require_writable
from services.cli.interruption import run_interruptibly
from services.cli.options import duration, existing
from shared.settings import Settings


def replay(
    events: Annotated[
        Path, typer.Option(callback=existing, help="Folder with events.parquet and eth_usd_daily.parquet")
    ],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive")],
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "12h",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
) -> None:
    """Replay history: publish, score, train, gate, promote, watch and roll back as it would have happened.

    Everything lies under PUNKCAST_HOME. After an interruption, the same command resumes.
    """
    started = time.monotonic()
    plan = Plan(first.date(), last.date(), duration(nowcast_every))
    if json_file is not None:
        require_writable("--json", json_file, make_folder=True)
    settings = Settings()

    from rich.console import Console

    from lab.replay.session import GO_ON, play
    from shared.sources.event_files import EventFileSource

    console = Console()
    run_interruptibly(
        play(settings, EventFileSource(events), plan, console, started=started, to_file=json_file),
        console,
        advice=GO_ON,
    )

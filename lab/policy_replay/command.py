"""`punkcast policy replay`: the results of several policies of promotion and rollback on real history."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lab.window import Window
from services.cli.files import require_writable, write_json
from services.cli.options import duration, existing
from shared.evaluation.policy import load_policy
from shared.settings import Settings


def policy_replay(
    events: Annotated[
        Path, typer.Option(callback=existing, help="Folder with events.parquet and eth_usd_daily.parquet")
    ],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day, UTC")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, UTC, inclusive")],
    json_file: Annotated[Path, typer.Option("--json", help="Write the figures to this file")],
    inject: Annotated[
        str | None, typer.Option(help="Faults: all, none, or kind@day,… as in docs/governance.md")
    ] = None,
    policy_file: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; default: the active policy")
    ] = None,
    refit_every: Annotated[str, typer.Option(help="Like 7d, 14d")] = "7d",
) -> None:
    """Run training, gates and monitor over history under four policies, with faults injected.

    Needs no database. Each refit is fitted once for all policies, in PUNKCAST_THREADS processes.
    """
    started = time.monotonic()
    require_writable("--json", json_file, make_folder=True)

    from rich.console import Console

    from lab.history import read_history
    from lab.policy_replay import faults
    from lab.policy_replay.candidates import candidates, jobs
    from lab.policy_replay.history import History
    from lab.policy_replay.history import Window as Refits
    from lab.policy_replay.scoring import harms, play
    from lab.policy_replay.session import document, fitting, show_report
    from services.cli.progress import progress_bar

    policy = load_policy(policy_file or Settings().policy_file)
    days = Window(first.date(), last.date())
    window = Refits(days.start, days.end, duration(refit_every))
    injected = faults.parse(inject, window.refits())
    console = Console()
    read = read_history(events, days)
    history = History(read.timeline, read.prices, window, holdout_sales=policy.holdout.target_sales)
    with progress_bar(console, keep=True) as display:
        fit_many = fitting(display, workers=Settings().threads, total=len(jobs(history, injected)))
        offered = candidates(history, injected, fit_many)
    figures, harm = play(history, offered, policy), harms(history, offered)
    wall_s = round(time.monotonic() - started, 1)
    write_json(json_file, document(window, policy, figures, harm, wall_s))
    show_report(console, figures, harm, wall_s)

"""`punkcast policy replay`: what policies of promotion and rollback would have come to on real history."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.files import require_writable
from services.cli.options import duration


def policy_replay(
    events: Annotated[Path, typer.Option(help="Folder with events.parquet, punks.parquet, eth_usd_daily.parquet")],
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
    require_writable("--json", json_file, make_folder=True)
    every = duration(refit_every)

    from lab.policy_replay.session import run

    run(events, first, last, every, inject=inject, policy_file=policy_file, json_file=json_file)

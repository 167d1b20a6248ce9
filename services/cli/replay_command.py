"""`punkcast replay`: history through the production handlers under a simulated clock."""

from __future__ import annotations

import asyncio
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.replay.plan import Plan
from services.cli.replay.session import play, report
from shared.errors import InvalidInputError
from shared.market.event_files import EventFileSource
from shared.settings import Settings

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def duration(text: str) -> timedelta:
    """`30m`, `12h`, `14d`.

    Raises:
        InvalidInputError: anything else.
    """
    found = re.fullmatch(r"([1-9]\d*)([mhd])", text)
    if not found:
        raise InvalidInputError(f"{text!r} is no duration; write it like 30m, 12h or 14d")
    return int(found[1]) * _UNITS[found[2]]


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
    plan = make_plan(first.date(), last.date(), nowcast_every)
    console = Console()
    summary = asyncio.run(play(Settings(), EventFileSource(events), plan, console))
    report(summary, console, to_file=json_file)


def make_plan(first: date, last: date, nowcast_every: str) -> Plan:
    """A plan, with its complaints as clear errors."""
    try:
        return Plan(first, last, duration(nowcast_every))
    except ValueError as error:
        raise InvalidInputError(str(error)) from error

"""`punkcast demo`: the whole lifecycle on a simulated (or given) market, then the gateway on its database."""

import time
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import duration
from shared.settings import Settings


def demo(
    events: Annotated[
        Path | None,
        typer.Option(exists=True, envvar="EVENTS", help="Play these event files instead of a simulated market"),
    ] = None,
    exit_after: Annotated[
        bool, typer.Option("--exit", envvar="DEMO_EXIT", help="End after the summary instead of serving the API")
    ] = False,
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "1d",
) -> None:
    """Play a market through the whole lifecycle, print what happened, then serve the API on 127.0.0.1:8000.

    Without EVENTS it is the market of PUNKCAST_SOURCE_URL, half a year of a simulated one.
    """
    started, every = time.monotonic(), duration(nowcast_every)

    from lab.demo.session import run

    run(Settings(), events, every, exit_after=exit_after, started=started)

"""`punkcast demo`: the whole lifecycle on a recorded or simulated market, to be watched on the site."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from lab.demo.market import Market, source_url
from services.cli.options import duration
from shared.settings import Settings


def demo(
    market: Annotated[
        Market, typer.Option(envvar="MARKET", help="The recorded market, or a simulated one")
    ] = Market.REAL,
    events: Annotated[
        Path | None,
        typer.Option(exists=True, envvar="EVENTS", help="Play the last weeks of these event files instead"),
    ] = None,
    exit_after: Annotated[
        bool, typer.Option("--exit", envvar="DEMO_EXIT", help="End after the summary, without API and site")
    ] = False,
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "1d",
) -> None:
    """Play a market through the whole lifecycle, with the API on 127.0.0.1:8000 from the first value on.

    It is the last weeks of the real market in data/, or what PUNKCAST_SOURCE_URL names.
    """
    started, every, settings = time.monotonic(), duration(nowcast_every), Settings()
    url = source_url(settings, market, events, today=datetime.now(UTC).date())

    from lab.demo.session import run

    run(settings.model_copy(update={"source_url": url}), every, exit_after=exit_after, started=started)

"""`punkcast demo`: the whole lifecycle on a recorded or simulated market, to be watched on the site."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import duration, existing
from shared.settings import Settings


class Market(StrEnum):
    """A market that needs no files of the reader's own."""

    REAL = "real"
    SIMULATED = "simulated"


def demo(
    market: Annotated[
        Market, typer.Option(envvar="MARKET", help="The recorded market, or a simulated one")
    ] = Market.REAL,
    events: Annotated[
        Path | None,
        typer.Option(callback=existing, envvar="EVENTS", help="Play the last weeks of these event files instead"),
    ] = None,
    exit_after: Annotated[
        bool, typer.Option("--exit", envvar="DEMO_EXIT", help="End after the summary, without API and site")
    ] = False,
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "1d",
) -> None:
    """Play a market through the whole lifecycle, with the API on 127.0.0.1:8000 from the first value on.

    It is the last weeks of the real market in data/, or what PUNKCAST_SOURCE_URL names.
    """
    from lab.demo.market import source_url

    started, every, settings = time.monotonic(), duration(nowcast_every), Settings()
    url = source_url(settings, market, events, today=datetime.now(UTC).date())

    from lab.demo.session import run

    run(settings.model_copy(update={"source_url": url}), every, exit_after=exit_after, started=started)

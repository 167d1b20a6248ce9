"""A demo from the command line: play a market, serve it meanwhile, print what happened, and serve on."""

import asyncio
import socket
from contextlib import ExitStack
from datetime import datetime, timedelta

import typer
from rich.console import Console

from lab.demo.gateway import Gateway
from lab.demo.market import described, plan_of
from lab.demo.site import site
from lab.replay.session import GO_ON, play
from services.cli.interruption import run_interruptibly
from shared.errors import ConflictError, InvalidInputError
from shared.settings import Settings
from shared.sources.source import BlockSource, source_of

STALE_AFTER = 3
"""Nowcasts that may be missing before values are stale: as many as of a live market."""


def run(settings: Settings, every: timedelta, *, exit_after: bool, started: float) -> None:
    """Play the market of the settings and serve it until interrupted; with `exit_after`, only play it.

    Args:
        started: begin of the wall clock of the figures, monotonic seconds.

    Raises:
        ConflictError: the gateway's port is taken.
        InvalidInputError: there is no market to play.
    """
    console = Console()
    if not exit_after:
        _require_free_port(settings)
    source = source_of(settings)
    if isinstance(source, BlockSource):
        raise InvalidInputError(
            "the demo plays a market that is all there; for one on a chain run `punkcast backfill`, then `serve`"
        )
    plan = asyncio.run(plan_of(source, every))
    console.print(
        f"[bold]{described(settings.source_url)}[/bold] from {plan.first} to {plan.last} through the services; "
        f"everything lies in {settings.home}/",
        soft_wrap=True,
    )
    with ExitStack() as beside:
        gateway = None if exit_after else _serving(settings, every, console, beside)
        follow = _nobody if gateway is None else gateway.follow
        run_interruptibly(play(settings, source, plan, console, started=started, follow=follow), console, advice=GO_ON)
        if gateway is not None and (code := gateway.wait()):
            raise typer.Exit(code)


def _serving(settings: Settings, every: timedelta, console: Console, beside: ExitStack) -> Gateway:
    """The gateway and the site, for as long as `beside` is open."""
    base = f"http://{settings.host}:{settings.api_port}"
    console.print(f"serving on {base} (Ctrl-C ends it); its clock is that of the market. Try:", soft_wrap=True)
    for path in ("/v1/punks/7804", "/v1/performance", "/v1/models", "/docs"):
        console.print(f"  curl -s {base}{path}", highlight=False, soft_wrap=True)
    beside.enter_context(site(base, console))
    return beside.enter_context(Gateway(settings.source_url, stale_after=STALE_AFTER * every))


def _nobody(_: datetime) -> None:
    """Follows a play that nobody watches."""


def _require_free_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.api_port))
        except OSError as error:
            raise ConflictError(
                f"{settings.host}:{settings.api_port} is taken ({error.strerror}); stop what listens there, or set "
                "PUNKCAST_API_PORT to another port"
            ) from error

"""`punkcast demo`: the whole lifecycle on a simulated (or given) market, then the gateway on what it left."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.replay.plan import Plan
from services.cli.replay.session import play, report
from services.cli.replay_command import duration
from shared.database.embedded import database_url
from shared.database.pool import Database
from shared.errors import ConflictError
from shared.market.event_files import EventFileSource
from shared.market.simulated import SimulatedMarket
from shared.market.source import MarketSource
from shared.settings import Settings

PLAYED = timedelta(days=180)
WATCH_EVERY = timedelta(hours=4)
EVERYTHING = datetime(9999, 1, 1, tzinfo=UTC)


def demo(
    events: Annotated[
        Path | None, typer.Option(envvar="EVENTS", help="Play these event files instead of a simulated market")
    ] = None,
    exit_after: Annotated[
        bool, typer.Option("--exit", envvar="DEMO_EXIT", help="End after the summary instead of serving the API")
    ] = False,
    nowcast_every: Annotated[str, typer.Option(help="Like 30m, 12h, 1d")] = "1d",
) -> None:
    """Play a market through the whole lifecycle, print what happened, then serve the API on 127.0.0.1:8000."""
    settings = Settings()
    console = Console()
    if not exit_after:
        _require_free_port(settings)
    asyncio.run(_run(settings, console, events, exit_after=exit_after, every=duration(nowcast_every)))


async def _run(
    settings: Settings, console: Console, events: Path | None, *, exit_after: bool, every: timedelta
) -> None:
    source, plan = await _market(events, every)
    what = f"the events in {events}" if events else "a simulated market"
    console.print(f"Playing [bold]{what}[/bold] from {plan.first} to {plan.last}; everything lies in {settings.home}/")
    report(await play(settings, source, plan, console), console, to_file=None)
    if not exit_after:
        await _serve(settings, console)


async def _market(events: Path | None, every: timedelta) -> tuple[MarketSource, Plan]:
    if events is None:
        market = SimulatedMarket()
        return market, Plan(market.start.date(), (market.end - timedelta(days=1)).date(), every, WATCH_EVERY)
    source = EventFileSource(events)
    everything = await source.fetch(None, EVERYTHING)
    last: datetime = everything["timestamp"][-1]
    return source, Plan((last - PLAYED).date(), last.date(), every, WATCH_EVERY)


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


async def _serve(settings: Settings, console: Console) -> None:
    # Imported here: no other command needs the web server, and the command line's image has none.
    from services.api.bootstrap import build, server  # noqa: PLC0415

    base = f"http://{settings.host}:{settings.api_port}"
    async with database_url(settings) as url:
        database = await Database.connect(url)
        try:
            console.print(f"\nServing on [bold]{base}[/bold] until interrupted (Ctrl-C). Try:")
            for path in ("/v1/punks/7804", "/v1/performance", "/v1/models", "/docs"):
                console.print(f"  curl -s {base}{path}", highlight=False)
            await server(build(database=database, settings=settings), settings).serve()
        finally:
            await database.close()

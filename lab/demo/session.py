"""A demo from the command line: play a market, print what happened, serve the result."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from lab.demo.site import site
from lab.replay.plan import Plan
from lab.replay.session import GO_ON, play, report
from lab.replay.summary import Summary
from services.cli.context import platform
from services.cli.interruption import run_interruptibly
from services.embedded import serve
from shared.errors import ConflictError, InvalidInputError
from shared.settings import Settings
from shared.sources.event_files import EventFileSource
from shared.sources.simulated import SimulatedMarket
from shared.sources.source import BlockSource, MarketSource, source_of

PLAYED = timedelta(days=180)
WATCH_EVERY = timedelta(hours=6)
EVERYTHING = datetime(9999, 1, 1, tzinfo=UTC)


def run(settings: Settings, events: Path | None, every: timedelta, *, exit_after: bool, started: float) -> None:
    """Play the market of `events`, or else of the settings; then serve it until interrupted, unless `exit_after`.

    Args:
        started: begin of the wall clock of the figures, monotonic seconds.

    Raises:
        ConflictError: the gateway's port is taken.
        InvalidInputError: there is no market to play.
    """
    console = Console()
    if not exit_after:
        _require_free_port(settings)
    source = source_of(settings) if events is None else EventFileSource(events)
    if isinstance(source, BlockSource):
        raise InvalidInputError(
            "the demo plays a market that is all there; for one on a chain run `punkcast backfill`, then `serve`"
        )
    summary = run_interruptibly(_play(settings, source, every, console, started), console, advice=GO_ON)
    report(summary, console, to_file=None)
    if not exit_after:
        # The gateway's status names the source, so readers see whether the market was simulated.
        shown = (
            settings if events is None else settings.model_copy(update={"source_url": f"files://{events.resolve()}"})
        )
        with site(f"http://{settings.host}:{settings.api_port}", console):
            asyncio.run(_serve(shown, console))


async def _play(
    settings: Settings, source: MarketSource, every: timedelta, console: Console, started: float
) -> Summary:
    plan = await plan_of(source, every)
    what = "a simulated market" if isinstance(source, SimulatedMarket) else "the given events"
    console.print(
        f"Playing [bold]{what}[/bold] from {plan.first} to {plan.last}; everything lies in {settings.home}/",
        soft_wrap=True,
    )
    return await play(settings, source, plan, console, started=started)


async def plan_of(source: MarketSource, every: timedelta) -> Plan:
    """The first half year of a simulated market; of real events the last one, or the later half of a shorter history.

    Raises:
        InvalidInputError: there are no events.
    """
    if isinstance(source, SimulatedMarket):
        end = min(source.end, source.start + PLAYED)
        return Plan(source.start.date(), (end - timedelta(days=1)).date(), every, WATCH_EVERY)
    everything = await source.fetch(None, EVERYTHING)
    if everything.is_empty():
        raise InvalidInputError("the event files hold no events; there is nothing to play")
    begin, last = everything["timestamp"][0], everything["timestamp"][-1]
    return Plan(max(last - PLAYED, begin + (last - begin) / 2).date(), last.date(), every, WATCH_EVERY)


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
    """The gateway alone: the workers' clock is not the played market's."""
    base = f"http://{settings.host}:{settings.api_port}"
    memory = settings.model_copy(update={"broker_url": "memory://"})
    async with platform(memory, service="demo") as opened:
        console.print("\nTry:")
        for path in ("/v1/punks/7804", "/v1/performance", "/v1/models", "/docs"):
            console.print(f"  curl -s {base}{path}", highlight=False, soft_wrap=True)
        await serve(opened, console, with_workers=False)

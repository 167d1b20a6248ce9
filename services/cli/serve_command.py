"""`punkcast serve`: the gateway and all workers in one process, the whole of the embedded mode."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

from rich.console import Console

from services.cli.context import platform
from shared.market.reader import MarketReader
from shared.market.source import source_of
from shared.runtime.host import serve as serve_workers
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.settings import Settings
from shared.telemetry.logging import configure


def serve_command() -> None:
    """Run the gateway and all workers in this process until interrupted."""
    settings = Settings()
    configure(settings, "punkcast")
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with platform(settings) as opened:
        await serve_everything(opened, Console(stderr=True))


async def serve_everything(platform: Platform, console: Console, *, workers: bool = True) -> None:
    """Serve until SIGINT or SIGTERM; without `workers` the gateway, and reasons for what is already there.

    Raises:
        InvalidInputError: the settings name no usable source.
    """
    # Imported here: no other command needs the web server and the model library.
    from services.api.bootstrap import build, server  # noqa: PLC0415

    settings, stop = platform.settings, asyncio.Event()
    gateway = server(build(database=platform.database, settings=settings, clock=platform.clock), settings)
    services = _workers(platform) if workers else _explainer(platform)
    loop = asyncio.get_running_loop()
    # The gateway's server puts its own handlers on top and, at its end, raises the signal again for these.
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    working = asyncio.create_task(serve_workers(platform, services, stop=stop))
    working.add_done_callback(lambda _: setattr(gateway, "should_exit", True))
    console.print(f"serving on http://{settings.host}:{settings.api_port} (Ctrl-C ends it)", soft_wrap=True)
    try:
        await gateway.serve()
    finally:
        stop.set()
        await working
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _explainer(platform: Platform) -> Sequence[Service]:
    """The gateway's values want reasons, which no clock has to tick for."""
    from services.nowcaster.bootstrap import build_explainer  # noqa: PLC0415

    return (build_explainer(platform),)


def _workers(platform: Platform) -> Sequence[Service]:
    from services.gatekeeper.bootstrap import build as build_gatekeeper  # noqa: PLC0415
    from services.ingestor.bootstrap import build as build_ingestor  # noqa: PLC0415
    from services.monitor.bootstrap import build as build_monitor  # noqa: PLC0415
    from services.nowcaster.bootstrap import build as build_nowcaster  # noqa: PLC0415
    from services.scheduler.bootstrap import build as build_scheduler  # noqa: PLC0415
    from services.trainer.bootstrap import build as build_trainer  # noqa: PLC0415

    # One timeline for all: it is the largest thing in memory.
    reader = MarketReader()
    return (
        build_ingestor(platform, source=source_of(platform.settings), reader=reader),
        build_nowcaster(platform, reader=reader),
        build_trainer(platform, reader=reader),
        build_gatekeeper(platform, reader=reader),
        build_monitor(platform),
        build_scheduler(platform),
    )

"""The one list of services, for a process that hosts all of them: `punkcast serve`, a replay, a drill."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console

from services.backtester import bootstrap as backtester
from services.gatekeeper import bootstrap as gatekeeper
from services.ingestor import bootstrap as ingestor
from services.ingestor.handlers import Ingestor
from services.monitor import bootstrap as monitor
from services.notifier import bootstrap as notifier
from services.nowcaster import bootstrap as nowcaster
from services.scheduler import bootstrap as scheduler
from services.trainer import bootstrap as trainer
from services.trainer.executor import TrainingExecutor
from shared.evaluation.policy import Policy
from shared.messaging.ticks import JOBS
from shared.runtime.host import serve as serve_workers
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.sources.source import BlockSource, MarketSource
from shared.stores import source_repository
from shared.stores.market_reader import MarketReader


def workers(
    platform: Platform,
    *,
    source: MarketSource | BlockSource | None = None,
    reader: MarketReader | None = None,
    executor: TrainingExecutor | None = None,
    policy: Policy | None = None,
    nowcast_every: timedelta = JOBS["nowcast"].every,
) -> dict[str, Service]:
    """Every service that handles messages, by name; without an argument each takes what the settings name.

    Raises:
        InvalidInputError: a setting names nothing usable.
    """
    # One timeline for all: it is the largest thing in memory.
    reader = reader or MarketReader()
    services: Sequence[Service] = (
        ingestor.build(platform, source=source, reader=reader),
        nowcaster.build(platform, reader=reader),
        trainer.build(platform, reader=reader, executor=executor),
        gatekeeper.build(platform, reader=reader, policy=policy),
        monitor.build(platform, nowcast_every=nowcast_every, policy=policy),
        notifier.build(platform),
        backtester.build(platform),
    )
    return {service.name: service for service in services}


def lone_ingestor(platform: Platform, source: BlockSource) -> Ingestor:
    """The ingestor's work for a caller that needs no messages."""
    return ingestor.build_ingestor(platform, source, MarketReader())


async def serve(platform: Platform, console: Console, source: MarketSource | BlockSource) -> None:
    """Serve the gateway, the workers on this source, and their timers until SIGINT or SIGTERM.

    Raises:
        InvalidInputError: a setting names nothing usable.
        ConflictError: the database holds another market than the source's.
    """
    # Imported here: a replay needs no web server, nor does every installation have one.
    from services.api.bootstrap import build, server  # noqa: PLC0415

    settings, stop = platform.settings, asyncio.Event()
    async with platform.database.connection() as connection:
        await source_repository.require(connection, source.origin)
    gateway = server(build(database=platform.database, settings=settings, clock=platform.clock), settings)
    services: Sequence[Service] = (*workers(platform, source=source).values(), scheduler.build(platform))
    loop = asyncio.get_running_loop()
    # uvicorn installs its own handlers over these, and raises the signal again when it ends.
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

"""A service as a process: `python -m services.<name> [--once]`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError

from shared.database.embedded import database_url
from shared.database.migrate import check
from shared.database.pool import AWAY, DatabaseUnavailableError
from shared.errors import InvalidInputError, PunkcastError, TransientError
from shared.runtime.host import Watchdog, drain, serve, unless
from shared.runtime.platform import Platform, open_platform
from shared.runtime.service import Build, Service
from shared.settings import Settings
from shared.telemetry.logging import configure
from shared.telemetry.probes import probes

__all__ = ["Build", "Service", "main", "run", "run_once"]

log = structlog.get_logger(__name__)

_RETRY_S = 2.0
# A CronJob that finds no database gives up and is tried again by its own schedule.
_ONCE_PATIENCE_S = 60.0


async def run(service_factory: Build, settings: Settings, *, stop: asyncio.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT (or `stop`), with the probes beside it.

    Waits for the database and the broker as long as it takes.

    Raises:
        InvalidInputError: the settings cannot work for a process of its own.
    """
    if urlsplit(settings.broker_url).scheme == "memory":
        raise InvalidInputError(
            "memory:// carries messages only inside one process; run all services together (`punkcast serve`), "
            "or set PUNKCAST_BROKER_URL=amqp://…"
        )
    stop = stop or asyncio.Event()
    watchdog = Watchdog()
    with _signals(stop):
        async with probes(settings.host, settings.probe_port, watchdog) as port, AsyncExitStack() as stack:
            log.info("probes are up", address=f"http://{settings.host}:{port}")
            platform = await _open_when_possible(settings, stack, stop)
            if platform is not None:
                await serve(platform, [service_factory(platform)], stop=stop, watchdog=watchdog)


async def run_once(service_factory: Build, settings: Settings) -> None:
    """Do what is due and return.

    Raises:
        DatabaseUnavailableError: the database was not there within a minute.
    """
    stop = asyncio.Event()
    with _signals(stop):
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_ONCE_PATIENCE_S):
                    platform = await _open_when_possible(settings, stack, stop)
            except TimeoutError as error:
                raise DatabaseUnavailableError(
                    f"no usable database within {_ONCE_PATIENCE_S:g} s (the log says why); is PUNKCAST_DATABASE_URL "
                    "right, and has `punkcast migrate` run?"
                ) from error
            if platform is not None:
                service = service_factory(platform)
                await unless(stop, asyncio.create_task(drain(platform, service)))


def main(name: str, build: Build, argv: Sequence[str] | None = None) -> int:
    """The process of service `name`.

    Returns the exit code: 0 after a graceful end, 2 for unusable settings.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    parser.add_argument("--once", action="store_true", help="do what is due and exit (for CronJobs)")
    arguments = parser.parse_args(argv)
    try:
        settings = Settings()
        configure(settings, name)
        asyncio.run((run_once if arguments.once else run)(build, settings))
    except (InvalidInputError, ValidationError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except (PunkcastError, OSError) as error:
        sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
        return 1
    return 0


async def _open_when_possible(settings: Settings, stack: AsyncExitStack, stop: asyncio.Event) -> Platform | None:
    """Open the platform, waiting for its database and its schema; None when `stop` came first.

    Raises:
        ConflictError: the schema is newer than this version, or was tampered with.
    """
    told = ""
    while not stop.is_set():
        try:
            async with AsyncExitStack() as attempt:
                url = await attempt.enter_async_context(database_url(settings))
                pending = await check(url)
                if not pending:
                    resolved = settings.model_copy(update={"database_url": url})
                    platform = await attempt.enter_async_context(open_platform(resolved))
                    stack.push_async_exit(attempt.pop_all())
                    return platform
                reason = f"{len(pending)} migrations are pending; run `punkcast migrate`"
        except (TransientError, *AWAY) as error:
            reason = f"{type(error).__name__}: {error}"
        if reason != told:
            log.warning("waiting for the database", reason=reason)
            told = reason
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _RETRY_S)
    return None


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

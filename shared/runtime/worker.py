"""A service as a process: `python -m services.<name> [--once]`."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

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
from shared.urls import split

__all__ = ["Build", "Service", "main", "run", "run_once"]

log = structlog.get_logger(__name__)

_RETRY_S = 2.0
# A CronJob without a database gives up; its next run retries.
_ONCE_TIMEOUT_S = 60.0


async def run(service_factory: Build, settings: Settings, *, stop: asyncio.Event | None = None) -> None:
    """Serve, with probes, until SIGTERM, SIGINT or `stop`. Waits until database and broker are available.

    Raises:
        InvalidInputError: the settings cannot work for a separate process.
    """
    if split(settings.broker_url, "PUNKCAST_BROKER_URL").scheme == "memory":
        raise InvalidInputError(
            "memory:// carries messages within one process only; run all services together (`punkcast serve`), "
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
    """Do the due work and return.

    Raises:
        DatabaseUnavailableError: the database was not available within a minute.
    """
    stop = asyncio.Event()
    with _signals(stop):
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(_ONCE_TIMEOUT_S):
                    platform = await _open_when_possible(settings, stack, stop)
            except TimeoutError as error:
                raise DatabaseUnavailableError(
                    f"no usable database within {_ONCE_TIMEOUT_S:g} s (see the log); check PUNKCAST_DATABASE_URL, "
                    "and that `punkcast migrate` has run"
                ) from error
            if platform is not None:
                service = service_factory(platform)
                await unless(stop, asyncio.create_task(drain(platform, service)))


def main(name: str, build: Build, argv: Sequence[str] | None = None) -> int:
    """The process of service `name`. Returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    parser.add_argument("--once", action="store_true", help="do the due work and exit (for CronJobs)")
    arguments = parser.parse_args(argv)
    return execute(name, partial(run_once if arguments.once else run, build))


def execute(name: str, command: Callable[[Settings], Coroutine[Any, Any, None]]) -> int:
    """Run `command` with the settings and logging of service `name`.

    Returns the exit code: 0 after a graceful end, 2 for unusable settings, 1 for any other expected failure.
    """
    try:
        settings = Settings()
        configure(settings, name)
        asyncio.run(command(settings))
    except (InvalidInputError, ValidationError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except (PunkcastError, OSError) as error:
        sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
        return 1
    return 0


async def _open_when_possible(settings: Settings, stack: AsyncExitStack, stop: asyncio.Event) -> Platform | None:
    """Open the platform as soon as its database is available and migrated; None if `stop` is set first.

    Raises:
        ConflictError: an applied migration was edited.
    """
    logged = ""
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
        if reason != logged:
            log.warning("waiting for the database", reason=reason)
            logged = reason
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

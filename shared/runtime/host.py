"""Runs services on a platform: one per worker process, or all in one process in the embedded mode."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

import structlog

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.database.pool import Database
from shared.messaging import ticks
from shared.messaging.bus import Bus, Handle, Volatile
from shared.messaging.outbox import Relay
from shared.messaging.topology import declare_platform
from shared.runtime.platform import Platform
from shared.runtime.service import Service
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

# After this time without an attached consumer the process should be restarted.
CONSUMER_LIMIT_S = 120.0
# `--once` takes a queue for empty after this time without a delivery.
QUIET_S = 1.5
_WATCH_S = 1.0
_MAX_PAUSE_S = 60.0


class Watchdog:
    """Answers the probes from the state of the bus and the database."""

    def __init__(self, *, limit_s: float = CONSUMER_LIMIT_S) -> None:
        self._limit_s = limit_s
        self._bus: Bus | None = None
        self._database: Database | None = None
        self._healthy_at = monotonic()
        # Why the process does not serve (yet or any more); None while it serves.
        self.unready: str | None = "starting"

    async def watch(self, bus: Bus, database: Database) -> None:
        """Check the bus every second until cancelled."""
        self._bus, self._database, self._healthy_at = bus, database, monotonic()
        while True:
            if bus.healthy:
                self._healthy_at = monotonic()
            metrics.BUS_HEALTHY.set(1 if bus.healthy else 0)
            await asyncio.sleep(_WATCH_S)

    def live(self) -> str | None:
        silent_s = monotonic() - self._healthy_at
        if self._bus is not None and not self._bus.healthy and silent_s > self._limit_s:
            return f"no consumer attached for {silent_s:.0f} s"
        return None

    async def ready(self) -> str | None:
        if self.unready or self._bus is None or self._database is None:
            return self.unready or "starting"
        if not self._bus.healthy:
            return "not attached to the broker"
        try:
            async with asyncio.timeout(2.0), self._database.connection() as connection:
                await connection.execute("select 1")
        except Exception as error:
            return f"database: {type(error).__name__}"
        return None


async def serve(
    platform: Platform,
    services: Sequence[Service],
    *,
    stop: asyncio.Event,
    watchdog: Watchdog | None = None,
) -> None:
    """Consume, relay and run the background loops until `stop` is set, then shut down.

    The shutdown cancels consumers and loops, lets handlers finish within the grace period, requeues the rest, and sends
    the outbox. The platform's owner closes the bus and the pool.
    """
    bus, grace_s = platform.bus, platform.settings.shutdown_grace_s
    relay = Relay(platform.database, bus, clock=platform.clock)
    watchdog = watchdog or Watchdog()
    watching = asyncio.create_task(watchdog.watch(bus, platform.database))
    relaying: asyncio.Task[None] | None = None
    loops: list[asyncio.Task[None]] = []
    try:
        # A stop must not wait for an unavailable broker.
        if not await unless(stop, asyncio.create_task(_start(platform, services))):
            return
        relaying = asyncio.create_task(relay.run())
        loops += [asyncio.create_task(_supervise(service)) for service in services]
        watchdog.unready = None
        log.info("serving", services=[service.name for service in services])
        await stop.wait()
        log.info("stopping", grace_s=grace_s)
    finally:
        watchdog.unready = "stopping"
        await asyncio.gather(bus.stop_consuming(grace_s), _end(loops, grace_s), return_exceptions=True)
        if relaying is not None:
            await relay.stop()
            await relaying
        await _end([watching], grace_s)


async def drain(platform: Platform, service: Service) -> None:
    """Empty the service's queue, do its due work, send the outbox, and return.

    A volatile bus has no queue to empty: messages stay in the outbox for the process that runs all services.
    """
    if isinstance(platform.bus, Volatile):
        await service.drain()
        return
    relay = Relay(platform.database, platform.bus, clock=platform.clock)
    if service.subscriptions():
        activity = _Activity()
        await attach(platform.bus, [service], admit=lambda handle: activity.watched(_genuine(platform.clock, handle)))
        await platform.bus.start()
        await activity.quiet()
        await platform.bus.stop_consuming(platform.settings.shutdown_grace_s)
    else:
        await declare_platform(platform.bus)
    await service.drain()
    await relay.drain()


async def unless(stop: asyncio.Event, work: asyncio.Task[None]) -> bool:
    """Wait for `work`. If `stop` is set first, cancel `work` and return False."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((stopping, work), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            return False
        work.result()
        return True
    finally:
        await _end([stopping, work], 5.0)


async def attach(bus: Bus, services: Iterable[Service], *, admit: Callable[[Handle], Handle] | None = None) -> None:
    """Declare the platform's queues and subscribe the services; nothing is consumed before the bus starts.

    Args:
        admit: wraps each handler. A replay of history has none: its ticks come at instants of its own.
    """
    await declare_platform(bus)
    for service in services:
        for subscription in service.subscriptions():
            handle = subscription.handle if admit is None else admit(subscription.handle)
            await bus.subscribe(replace(subscription, handle=handle))


async def _start(platform: Platform, services: Iterable[Service]) -> None:
    await attach(platform.bus, services, admit=partial(_genuine, platform.clock))
    await platform.bus.start()


def _genuine(clock: Clock, handle: Handle) -> Handle:
    """Anybody who may publish can send a tick, so `handle` gets only genuine ticks, and none before its slot."""

    async def checked(message: Envelope) -> None:
        now = clock.now()
        ticks.require_genuine(message, now)
        ticks.require_due(message, now)
        await handle(message)

    return checked


async def _supervise(service: Service) -> None:
    """Run the background loop; after a crash, log it and restart with exponential back-off."""
    pause_s = 1.0
    while True:
        started = monotonic()
        try:
            await service.background()
            return
        except Exception as error:
            metrics.BACKGROUND_FAILURES.labels(service.name).inc()
            if monotonic() - started > _MAX_PAUSE_S:
                pause_s = 1.0
            log.exception("background loop crashed", loop=service.name, error=str(error), again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _MAX_PAUSE_S)


async def _end(tasks: Sequence[asyncio.Task[Any]], grace_s: float) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=grace_s)


class _Activity:
    """Tracks when a handler last ran."""

    def __init__(self) -> None:
        self._running = 0
        self._last = monotonic()

    def watched(self, handle: Handle) -> Handle:
        async def watched(message: Envelope) -> None:
            self._running += 1
            try:
                await handle(message)
            finally:
                self._running -= 1
                self._last = monotonic()

        return watched

    async def quiet(self) -> None:
        self._last = monotonic()
        while True:
            left_s = self._last + QUIET_S - monotonic()
            if left_s <= 0 and not self._running:
                return
            await asyncio.sleep(max(left_s, 0.05))

"""Builds a serving gateway from settings."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

import structlog
import uvicorn
from fastapi import FastAPI

from services.api.app import create_app
from services.api.clients import NamedByProxies, Proxies
from services.api.config import GatewayConfig
from services.api.protocol import BoundedProtocol, Bounds, Connections
from shared.clock import Clock, SystemClock
from shared.database.embedded import database_url
from shared.database.pool import Database, DatabaseUnavailableError
from shared.settings import Settings
from shared.storage.opening import deferred_store

log = structlog.get_logger(__name__)

FIRST_CONNECTION_S = 2.0


def build(
    *,
    database: Database,
    settings: Settings,
    operators: Database | None = None,
    clock: Clock | None = None,
    stale_after_s: float = GatewayConfig.stale_after_s,
) -> FastAPI:
    """The gateway on an open database."""
    config = replace(GatewayConfig.from_settings(settings), stale_after_s=stale_after_s)
    store = deferred_store(settings.object_store_url, settings.home)
    return create_app(database=database, operators=operators, clock=clock or SystemClock(), config=config, store=store)


def server(app: FastAPI, settings: Settings, *, bounds: Bounds | None = None) -> uvicorn.Server:
    """A server for `app`. `await server.serve()` runs it until SIGTERM, SIGINT or `should_exit`.

    Raises InvalidInputError: the trusted proxies are no addresses.
    """
    proxies = Proxies(settings.trusted_proxies)
    connections = Connections(settings.max_connections, settings.connections_per_address, proxies)
    protocol = partial(BoundedProtocol, bounds=bounds or Bounds(), connections_=connections)
    made = uvicorn.Server(
        uvicorn.Config(
            NamedByProxies(app, proxies),
            host=settings.host,
            port=settings.api_port,
            loop="uvloop",
            http=cast(Any, protocol),  # uvicorn only calls it
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=int(settings.shutdown_grace_s),
        )
    )
    # Streams end when the server stops; otherwise each would use up the grace period.
    app.state.stopping = lambda: made.should_exit
    return made


async def serve(
    settings: Settings, *, clock: Clock | None = None, stale_after_s: float = GatewayConfig.stale_after_s
) -> None:
    """Serve until stopped. Without a database the probes answer, and the follower waits.

    Args:
        clock, stale_after_s: of a market that is played; by default the wall clock, and the age of a live market.
    """
    loop, starting = asyncio.get_running_loop(), asyncio.current_task()
    gateway: uvicorn.Server | None = None
    ended = False

    def end() -> None:
        # uvicorn has handlers of its own while it serves, and raises the signal again when it ends: the process must
        # not die of that before it has left the embedded database. Of two signals the second must not, either.
        nonlocal ended
        if gateway is not None:
            gateway.should_exit = True
        elif starting is not None and not ended:
            starting.cancel()
        ended = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        async with AsyncExitStack() as stack:
            database = await _opened(stack, await stack.enter_async_context(database_url(settings)))
            operators = None
            if settings.operator_database_url is not None:
                operators = await _opened(stack, settings.operator_database_url.get_secret_value())
            app = build(
                database=database, operators=operators, settings=settings, clock=clock, stale_after_s=stale_after_s
            )
            gateway = server(app, settings)
            log.info("serving", url=f"http://{settings.host}:{settings.api_port}")
            await gateway.serve()
    except asyncio.CancelledError:
        if not ended:
            raise


async def _opened(stack: AsyncExitStack, url: str) -> Database:
    pool = await open_pool(url)
    stack.push_async_callback(pool.close)
    return pool


async def open_pool(url: str) -> Database:
    """A pool on `url`; its server may still be away. Raises InvalidInputError: the URL or its pooler is unusable."""
    database = await Database.connect(url, min_size=0, max_size=10, application_name="punkcast-api")
    with suppress(DatabaseUnavailableError, TimeoutError):
        async with asyncio.timeout(FIRST_CONNECTION_S), database.connection():
            pass
    return database

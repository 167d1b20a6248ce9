"""Builds a serving gateway from settings."""

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import replace

import structlog
import uvicorn
from fastapi import FastAPI

from services.api.app import create_app
from services.api.config import GatewayConfig
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


def server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server for `app`. `await server.serve()` runs it until SIGTERM, SIGINT or `should_exit`."""
    made = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.api_port,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
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
    # uvicorn raises the signal again when it ends, which would kill the process before it left the embedded database.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: None)
    async with AsyncExitStack() as stack:
        database = await _opened(stack, await stack.enter_async_context(database_url(settings)))
        operators = None
        if settings.operator_database_url is not None:
            operators = await _opened(stack, settings.operator_database_url.get_secret_value())
        log.info("serving", url=f"http://{settings.host}:{settings.api_port}")
        app = build(database=database, operators=operators, settings=settings, clock=clock, stale_after_s=stale_after_s)
        await server(app, settings).serve()


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

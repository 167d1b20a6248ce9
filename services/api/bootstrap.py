"""Composition root: settings to a serving gateway."""

from __future__ import annotations

import asyncio
import random

import structlog
import uvicorn
from fastapi import FastAPI

from services.api.app import create_app
from services.api.config import GatewayConfig
from services.api.problems import DATABASE_AWAY
from shared.clock import Clock, SystemClock
from shared.database.embedded import database_url
from shared.database.pool import Database
from shared.settings import Settings

log = structlog.get_logger(__name__)


def build(*, database: Database, settings: Settings, clock: Clock | None = None) -> FastAPI:
    """The gateway on an open database."""
    return create_app(database=database, clock=clock or SystemClock(), config=GatewayConfig.from_settings(settings))


def server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """A server for `app`; `await server.serve()` runs it until it is told to stop (`should_exit`, SIGTERM,
    SIGINT)."""
    return uvicorn.Server(
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
            log_config=None,
            log_level="warning",
            timeout_graceful_shutdown=int(settings.shutdown_grace_s),
        )
    )


async def serve(settings: Settings) -> None:
    """Connect, waiting for the database as long as it takes, and serve until told to stop."""
    async with database_url(settings) as url:
        database = await connect_patiently(url)
        try:
            log.info("serving", url=f"http://{settings.host}:{settings.api_port}")
            await server(build(database=database, settings=settings), settings).serve()
        finally:
            await database.close()


async def connect_patiently(url: str) -> Database:
    """A pool on `url`; tries again, ever more slowly, while the server is away."""
    pause = 0.2
    while True:
        try:
            return await Database.connect(url, min_size=2, max_size=10, application_name="punkcast-api")
        except DATABASE_AWAY as error:
            log.warning("database_away", error=repr(error), next_try_s=round(pause, 1))
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, 5.0)

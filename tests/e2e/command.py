"""`punkcast` as people run it: a process, with a home of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from shared.database.embedded import database_url
from shared.database.embedded_server import DATABASE, EmbeddedServer
from shared.settings import Settings
from tests.plugins.rabbitmq_node import free_ports

ROOT = Path(__file__).parents[2]
PATIENCE_S = 800.0
# What a database says that is not there yet, or has no tables yet.
NOT_YET = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def unset() -> dict[str, str]:
    """The environment without any setting of the platform or option of `make`."""
    options = ("EVENTS", "MARKET", "DEMO_EXIT")
    return {name: os.environ[name] for name in os.environ if not name.startswith("PUNKCAST_") and name not in options}


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    output: str
    errors: str

    def succeeded(self) -> Finished:
        assert self.code == 0, self.errors + self.output
        return self

    @property
    def complaint(self) -> str:
        """What it said was wrong: one line."""
        assert self.errors.count("\n") == 1, self.errors
        return self.errors.removeprefix("punkcast: ").strip()


@dataclass(frozen=True)
class Home:
    """A PUNKCAST_HOME with the embedded database in it."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    async def start(self, *arguments: str, **environment: str) -> Process:
        home = {"PUNKCAST_HOME": str(self.folder), "COLUMNS": "120"}
        return await spawn(ROOT, home | self.settings | environment, "services.cli", *arguments)

    async def run(self, *arguments: str, **environment: str) -> Finished:
        return await end_of(await self.start(*arguments, **environment))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """To the home's database, whether or not a command runs."""
        async with database_url(Settings(home=self.folder)) as url:
            connection = await asyncpg.connect(url)
            try:
                yield connection
            finally:
                await connection.close()

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def value(self, query: str, *arguments: object) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(query, *arguments)

    async def sees(self, sql: str, process: Process) -> None:
        """Look into the database of a running command until the query says true."""
        url = EmbeddedServer.on(self.folder / "postgres", {}).url(DATABASE)
        connection = None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                assert process.returncode is None, "the command ended before that"
                try:
                    connection = connection or await asyncpg.connect(url)
                    if await connection.fetchval(sql):
                        await connection.close()
                        return
                except NOT_YET:
                    connection = None
                await asyncio.sleep(0.01)

    async def clean_up(self) -> None:
        """Stop the server that a killed command left behind."""
        if (self.folder / "postgres" / "postmaster.pid").exists():
            async with database_url(Settings(home=self.folder)):
                pass


async def spawn(folder: Path, settings: Mapping[str, str], *module: str) -> Process:
    """Start a module of the code in a folder, with these settings alone."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *module),
        cwd=folder,
        env={**unset(), **settings},
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


async def end_of(process: Process) -> Finished:
    """Wait for its end; a command that does not end is killed, and fails the test."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            output, errors = await process.communicate()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode is not None
    return Finished(process.returncode, output.decode(), errors.decode())


@asynccontextmanager
async def serving(home: Home, *arguments: str, **environment: str) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """A command that serves, from when it is ready; the test ends it."""
    port, site = free_ports(2)
    process = await home.start(*arguments, PUNKCAST_API_PORT=str(port), PORT=str(site), **environment)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            async with asyncio.timeout(PATIENCE_S):
                while not await _ready(client):
                    assert process.returncode is None, (await end_of(process)).errors
                    await asyncio.sleep(0.05)
            yield process, client
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).is_success
    except httpx.TransportError:
        return False

"""One run, judged by many tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from tests.chaos.report import table
from tests.chaos.run import Aftermath, ChaosRun
from tests.plugins.rabbitmq import delete_names

LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
async def chaos_database_url(postgres_url: str, template_database: str) -> AsyncIterator[str]:
    """A migrated database for the run."""
    name = f"punkcast_chaos_{uuid4().hex[:12]}"
    server = await asyncpg.connect(postgres_url)
    try:
        await server.execute(f'create database "{name}" template "{template_database}"')
        yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
        await server.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await server.close()


@pytest.fixture(scope="session")
async def aftermath(
    request: pytest.FixtureRequest,
    chaos_database_url: str,
    amqp_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Aftermath]:
    """What is left after the run. The services have stopped; database and market files are still there."""
    prefix = f"chaos-{uuid4().hex[:12]}"
    run = ChaosRun(
        database_url=chaos_database_url, amqp_url=amqp_url, prefix=prefix, folder=tmp_path_factory.mktemp("chaos")
    )
    try:
        async with AsyncExitStack() as stack:
            left = await run.play(stack)
            request.config.stash[LINES] = await table(left)
            yield left
    finally:
        await delete_names(amqp_url, prefix)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("chaos")
        for line in lines:
            terminalreporter.write_line(line)

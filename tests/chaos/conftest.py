"""One run, checked by many tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from tests.chaos.report import table
from tests.chaos.run import Aftermath, ChaosRun
from tests.plugins.postgres import fresh
from tests.plugins.rabbitmq import delete_names

LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
async def aftermath(
    request: pytest.FixtureRequest,
    postgres_url: str,
    template_database: str,
    amqp_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Aftermath]:
    """The state after the run. The services have stopped; database and market files remain."""
    prefix = f"chaos-{uuid4().hex[:12]}"
    try:
        async with (
            fresh(postgres_url, template=template_database, purpose="chaos") as url,
            AsyncExitStack() as stack,
        ):
            run = ChaosRun(database_url=url, amqp_url=amqp_url, prefix=prefix, folder=tmp_path_factory.mktemp("chaos"))
            left = await run.play(stack)
            request.config.stash.setdefault(LINES, []).extend(await table(left))
            yield left
    finally:
        await delete_names(amqp_url, prefix)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("chaos")
        for line in lines:
            terminalreporter.write_line(line)

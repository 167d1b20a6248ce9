"""One run of the services, checked by many tests; and beside them, the runs of the crash places."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Final
from uuid import uuid4

import pytest

from tests.chaos.crash_points.plants import PLANTS
from tests.chaos.crash_points.processes import LAST, RunningSeed, playing
from tests.chaos.report import table
from tests.chaos.run import Aftermath, ChaosRun
from tests.plugins.postgres import fresh
from tests.plugins.rabbitmq import delete_names

LINES = pytest.StashKey[list[str]]()
CRASH_PLACES: Final = "test_crash_places.py"
SEEDS: Final = (5, 8)
DRAWN: Final = ("--places", "500", "--pairs", "30", "--whole", "5", "--orders", "2")
CrashPlaces = Mapping[int, RunningSeed]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills-seed", type=int, default=20, help="of the instants at which make chaos kills services")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that wait for the crash places come last."""
    items.sort(key=lambda item: item.path.name == CRASH_PLACES)


@pytest.fixture(scope="session", autouse=True)
async def crash_places(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CrashPlaces]:
    """By seed, a process that begins with the first test and takes what the other tests leave of the machine."""
    wanted = any(item.path.name == CRASH_PLACES for item in request.session.items)
    terminal = request.config.pluginmanager.getplugin("capturemanager")
    async with AsyncExitStack() as stack:
        begun = {}
        for number, seed in enumerate(SEEDS if wanted else ()):
            plants = [word for name in list(PLANTS)[number :: len(SEEDS)] for word in ("--plant", name)]
            with terminal.global_and_fixture_disabled():
                begun[seed] = await stack.enter_async_context(
                    playing(tmp_path_factory.mktemp("places"), "--seed", str(seed), *DRAWN, *plants, niceness=LAST)
                )
        yield begun


@pytest.fixture(scope="session")
def kills_seed(request: pytest.FixtureRequest) -> int:
    """Of the instants at which services are killed."""
    return int(request.config.getoption("--kills-seed"))


@pytest.fixture(scope="session")
async def aftermath(
    request: pytest.FixtureRequest,
    postgres_url: str,
    template_database: str,
    amqp_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    kills_seed: int,
) -> AsyncIterator[Aftermath]:
    """The state after the run. The services have stopped; database and market files remain."""
    prefix = f"chaos-{uuid4().hex[:12]}"
    try:
        async with (
            fresh(postgres_url, template=template_database, purpose="chaos") as url,
            AsyncExitStack() as stack,
        ):
            run = ChaosRun(
                database_url=url,
                amqp_url=amqp_url,
                prefix=prefix,
                folder=tmp_path_factory.mktemp("chaos"),
                seed=kills_seed,
            )
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

"""A world of its own: a PostgreSQL server, a receiver, and the undisturbed run."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from shared.clock import ManualClock
from shared.database import embedded
from shared.database.migrate import migrate
from shared.settings import Settings
from shared.telemetry.logging import configure
from tests.chaos.crash_points.constants import remembered
from tests.chaos.crash_points.doors import Broker
from tests.chaos.crash_points.runs import Runs
from tests.chaos.crash_points.scenario import scenario
from tests.chaos.crash_points.world import World, receiving
from tests.factories.folders import server_folder
from tests.plugins.postgres import FORGETFUL, fresh


@asynccontextmanager
async def opened(seed: int, *, keeps: Callable[[int], bool]) -> AsyncIterator[Runs]:
    """The runs of this seed, after the undisturbed one. `keeps`: at which pieces of work runs may begin."""
    home = server_folder("punkcast-crash-")
    try:
        configure(Settings(home=home, log_level="CRITICAL", _env_file=None), "crash-points")
        logging.disable(logging.CRITICAL)
        # A dead process leaves tasks and connections as they are.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        with remembered():
            async with (
                embedded.serve(home / "postgres", configuration=FORGETFUL | {"autovacuum": "off"}) as url,
                fresh(url, template="template1", purpose="crash") as template,
                receiving() as (receiver, hook),
            ):
                await migrate(template)
                server = await asyncpg.connect(url)
                story = scenario(seed, hook)
                clock = ManualClock(story.begin)
                world = World(
                    server=server, url=url, folder=home, template=urlsplit(template).path[1:], clock=clock,
                    broker=Broker(clock), receiver=receiver, policy=story.policy, fit=story.fit, source=story.source,
                    name="world",
                )  # fmt: skip
                try:
                    runs = Runs(world, story, keeps)
                    await runs.undisturbed()
                    yield runs
                finally:
                    await world.close()
    finally:
        logging.disable(logging.NOTSET)
        shutil.rmtree(home, ignore_errors=True)

"""Reads at 80 % of the gateway's capacity: quiet, and while generations are published back to back."""

import asyncio
from dataclasses import replace
from pathlib import Path
from statistics import median

from shared.database.migrate import migrate
from shared.database.pool import Database
from tests.bench.gateway import PUNKS, UNREACHED
from tests.bench.gateway_bench import market
from tests.bench.gateway_bench.load import Plan, Seen, load
from tests.bench.gateway_bench.servers import CLIENT_CORE, GATEWAY, started
from tests.bench.measured import Measured
from tests.plugins.postgres import fresh

SHARE = 0.8
SECONDS = 6.0
ROUNDS = 3
P99_LIMIT = 1.2
CHECK_EVERY = 20
"""Each so many answers are parsed: parsing all of them would be the limit of the client, not of the gateway."""


async def reads_under_publication(url: str, _home: Path, _events: Path) -> list[Measured]:
    """Of both the median of some rounds, in turn, so that a busy minute hits both."""
    async with fresh(url, template="template1", purpose="bench") as own:
        await migrate(own)
        database = await Database.connect(own)
        environment = {"PUNKCAST_DATABASE_URL": own, "PUNKCAST_LOG_LEVEL": "ERROR", "PUNKCAST_RATE_LIMIT": UNREACHED}
        try:
            async with database.connection() as connection:
                model = await market.fill(connection)
                await market.publish(connection, model, 0, explain=True)
                async with started(GATEWAY, ready="/readyz", environment=environment) as served:
                    plan = Plan(served.port, PUNKS, SECONDS, core=CLIENT_CORE)
                    capacity = median([(await load(plan)).per_second for _ in range(ROUNDS)])
                    paced = replace(plan, per_second=SHARE * capacity, check_every=CHECK_EVERY)
                    quiet, moving, generations = [], [], 0
                    for _ in range(ROUNDS):
                        quiet.append(await load(paced))
                        reading = asyncio.create_task(load(paced))
                        while not reading.done():
                            generations += 1
                            await market.publish(connection, model, generations, explain=False)
                        moving.append(await reading)
        finally:
            await database.close()
    seen = [*quiet, *moving]
    answers = sum(one.answers for one in seen)
    at = f"reads at {SHARE:.0%} of capacity"
    return [
        Measured(f"{at}: answers/s, against capacity", _median(moving, "per_second"), "1/s", capacity),
        Measured(f"{at}: p50 while generations are published, against quiet", _median(moving, "p50_ms"), "ms",
                 _median(quiet, "p50_ms")),
        Measured(f"{at}: p99 while generations are published, against quiet (limit {P99_LIMIT})",
                 _median(moving, "p99_ms"), "ms", _median(quiet, "p99_ms")),
        Measured(f"{at}: errors, of the answers", float(sum(one.errors for one in seen)), "answers", float(answers)),
        Measured(f"{at}: answers of two generations, of those parsed", float(sum(one.mixed for one in seen)), "answers",
                 answers / CHECK_EVERY),
        Measured(f"{at}: generations published in that time, a second", generations / (ROUNDS * SECONDS), "1/s", 1.0),
    ]  # fmt: skip


def _median(runs: list[Seen], figure: str) -> float:
    return median([getattr(one, figure) for one in runs])

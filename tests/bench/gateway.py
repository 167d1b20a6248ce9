"""The gateway on one core: against constant bytes, against the reference's stack, and under publication."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import httpx

from shared.database.migrate import migrate
from shared.database.pool import Database
from tests.bench.gateway_bench import market
from tests.bench.gateway_bench.load import Plan, Seen, load
from tests.bench.gateway_bench.servers import BARE, CLIENT_CORE, CONSTANT, FLASK, GATEWAY, Server, started
from tests.bench.measured import Measured
from tests.plugins.postgres import fresh

SECONDS = 4.0
ROUNDS = 3
"""What is compared is measured in turn, so that a busy minute hits both; of each the median is taken."""
PUBLISHED = 8
PUNKS = [f"/v1/punks/{number * 37 % 10_000}" for number in range(10_000)]
WHOLE = "/v1/nowcasts/current"
UNREACHED = "1000000000/minute"
"""Requests are counted as in production; one client of a benchmark would be over the limit at once."""
ROUTE, CALLABLE = "constant bytes of a FastAPI route", "constant bytes of a bare ASGI callable"
MEMORY_LIMIT_MIB, READY_LIMIT_S, VISIBLE_LIMIT_MS = 250.0, 3.0, 100.0


async def gateway(url: str, home: Path, events: Path) -> list[Measured]:
    """All figures; the database is one of its own on the same server."""
    async with fresh(url, template="template1", purpose="bench") as own:
        await migrate(own)
        database = await Database.connect(own)
        try:
            async with database.connection() as connection:
                model = await market.fill(connection)
                await market.publish(connection, model, 0, explain=True)
            return await _measure(own, database, model)
        finally:
            await database.close()


async def _measure(url: str, database: Database, model: str) -> list[Measured]:
    environment = {"PUNKCAST_DATABASE_URL": url, "PUNKCAST_LOG_LEVEL": "ERROR", "PUNKCAST_RATE_LIMIT": UNREACHED}
    async with started(GATEWAY, ready="/readyz", environment=environment) as served:
        ready_s, single, whole, etag = served.ready_s, *await _sizes(served)
        quiet_mib = served.rss_mib()
        sizes = {"BENCH_SMALL": str(single), "BENCH_LARGE": str(whole)}
        async with (
            started(CONSTANT, ready="/large", environment=sizes) as constant,
            started(BARE, ready="/large", environment=sizes) as bare,
            started(FLASK, ready="/v1/punks/1", environment=environment) as flask,
        ):
            same = {"If-None-Match": etag}
            (ours, route, callable_, theirs, unchanged) = await _in_turn(
                Plan(served.port, PUNKS, SECONDS),
                Plan(constant.port, ["/small/7"], SECONDS),
                Plan(bare.port, ["/small/7"], SECONDS),
                Plan(flask.port, PUNKS, SECONDS, connections=4),
                Plan(served.port, PUNKS[:1], SECONDS, headers=same),
            )
            (many, many_route, many_callable) = await _in_turn(
                Plan(served.port, [WHOLE], SECONDS, connections=4),
                Plan(constant.port, ["/large"], SECONDS, connections=4),
                Plan(bare.port, ["/large"], SECONDS, connections=4),
            )
        await load(
            Plan(served.port, PUNKS, SECONDS, connections=1)
        )  # Several ask the same punks at nearly the same time.
        busy_mib = served.rss_mib()
        quiet = await load(Plan(served.port, PUNKS, PUBLISHED, core=CLIENT_CORE))
        async with database.connection() as connection:
            moving = await _while_published(
                lambda number: market.publish(connection, model, number, explain=False),
                Plan(served.port, [*PUNKS[:200], "/v1/punks?limit=20"], PUBLISHED, core=CLIENT_CORE, connections=8,
                     check_every=1),
                Plan(served.port, PUNKS, PUBLISHED, core=CLIENT_CORE),
            )  # fmt: skip
            visible_ms = await _visible(served, connection, model)
    checked, loaded = moving
    bars = ((ROUTE, route, many_route), (CALLABLE, callable_, many_callable))
    return [
        *(_rate(f"single punk, against {bar}", ours, small) for bar, small, _ in bars),
        *(_rate(f"unchanged (304), against {bar}", unchanged, small) for bar, small, _ in bars),
        *(_rate(f"whole generation, against {bar}", many, large) for bar, _, large in bars),
        _rate("unchanged (304), against the single punk", unchanged, ours),
        _rate("single punk, against Flask + gunicorn + psycopg2", ours, theirs),
        Measured(f"gateway: single punk, p99, against {ROUTE}", ours.p99_ms, "ms", route.p99_ms),
        Measured("gateway: p99 while a generation is published each second, against quiet", loaded.p99_ms, "ms",
                 quiet.p99_ms),
        Measured("gateway: errors in that time, of the answers", float(loaded.errors + checked.errors), "answers",
                 float(loaded.answers + checked.answers)),
        Measured("gateway: answers of two generations in that time, of those read", float(checked.mixed), "answers",
                 float(checked.answers)),
        Measured("gateway: from a moved pointer to the answer, worst of ten", visible_ms, "ms", VISIBLE_LIMIT_MS),
        Measured("gateway: memory with one generation", quiet_mib, "MiB", MEMORY_LIMIT_MIB),
        Measured("gateway: memory after every punk was asked for", busy_mib, "MiB", MEMORY_LIMIT_MIB),
        Measured("gateway: from start to ready", ready_s, "s", READY_LIMIT_S),
    ]  # fmt: skip


def _rate(what: str, ours: Seen, bar: Seen) -> Measured:
    return Measured(f"gateway: {what}, requests/s", ours.per_second, "1/s", bar.per_second)


async def _sizes(served: Server) -> tuple[int, int, str]:
    """Bytes of a punk's answer and of a whole generation, and the first one's tag."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
        single = await client.get(PUNKS[0])
        for _ in range(500):
            if single.json()["contributions"] is not None:
                break
            await asyncio.sleep(0.01)
            single = await client.get(PUNKS[0])
        whole = await client.get(WHOLE, headers={"Accept-Encoding": "identity"})
        return len(single.content), len(whole.content), single.headers["etag"]


async def _in_turn(*plans: Plan) -> list[Seen]:
    """Each plan's median run by its rate."""
    rounds = [[await load(_on_client_core(plan)) for plan in plans] for _ in range(ROUNDS)]
    return [sorted(runs, key=lambda seen: seen.per_second)[ROUNDS // 2] for runs in zip(*rounds, strict=True)]


def _on_client_core(plan: Plan) -> Plan:
    return Plan(**{**vars(plan), "core": CLIENT_CORE})


async def _while_published(publish: Callable[[int], Awaitable[int]], *plans: Plan) -> list[Seen]:
    """The plans, one after another, while a generation is published each second."""
    seen = []
    number = 0
    for plan in plans:
        running = asyncio.create_task(load(plan))
        while not running.done():
            number += 1
            began = time.perf_counter()
            await publish(number)
            await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - began)))
        seen.append(await running)
    return seen


async def _visible(served: Server, connection: asyncpg.Connection, model: str) -> float:
    """Milliseconds from the commit that moves the pointer to the first answer of the new generation; the worst of
    ten."""
    worst = 0.0
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
        for number in range(1000, 1010):
            generation = await market.publish(connection, model, number, explain=False)
            moved = time.perf_counter()
            while int((await client.get("/v1/punks/1")).headers["punkcast-generation"]) != generation:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            worst = max(worst, 1000 * (time.perf_counter() - moved))
            await asyncio.sleep(0.2)
    return worst

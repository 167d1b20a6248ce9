"""A worker as the orchestrator sees it: a process with probes that ends well on SIGTERM."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.factories.waiting import eventually

ROOT = Path(__file__).parents[3]


@contextlib.asynccontextmanager
async def worker(*arguments: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "PUNKCAST_LOG_FORMAT": "json"}
    environment |= {f"PUNKCAST_{name.upper()}": value for name, value in settings.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.scheduler", *arguments,
        cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def probe(port: int, path: str) -> int:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
            return response.status
    except aiohttp.ClientError:
        return 0


async def wait_for(port: int, path: str, status: int) -> None:
    async def answers() -> bool:
        return await probe(port, path) == status

    await eventually(answers)


async def ends_well(process: asyncio.subprocess.Process, *, sigterm: bool = True) -> bytes:
    """The log of a process that exits with 0, after a SIGTERM unless it exits on its own."""
    if sigterm:
        process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        _, log = await process.communicate()
    assert process.returncode == 0, log
    assert b"Traceback" not in log
    return log


async def logged(process: asyncio.subprocess.Process, text: bytes) -> bytes:
    """Read the log up to the line with `text`."""
    async with asyncio.timeout(20):
        log = b""
        while text not in log:
            line = await process.stderr.readline()
            assert line, log
            log += line
    return log


@pytest.fixture
def broker(amqp_url: str, broker_prefix: str) -> dict[str, str]:
    """The settings of a broker that is there."""
    return {"broker_url": amqp_url, "broker_prefix": broker_prefix}


async def test_it_becomes_ready_and_ends_well_on_sigterm(
    fresh_database_url: str, broker: dict[str, str], unused_tcp_port: int
) -> None:
    async with worker(database_url=fresh_database_url, probe_port=str(unused_tcp_port), **broker) as process:
        await wait_for(unused_tcp_port, "/readyz", 200)
        assert await probe(unused_tcp_port, "/livez") == 200
        assert await probe(unused_tcp_port, "/metrics") == 200
        assert b'"stopping"' in await ends_well(process)


async def test_without_database_and_broker_it_lives_waits_and_still_ends_well(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port, nobody = unused_tcp_port_factory(), unused_tcp_port_factory()
    away = {"database_url": f"postgresql://nobody@127.0.0.1:{nobody}/none", "broker_url": f"amqp://127.0.0.1:{nobody}/"}
    async with worker(probe_port=str(port), **away) as process:
        await wait_for(port, "/readyz", 503)
        assert await probe(port, "/livez") == 200
        log = await logged(process, b"waiting for the database") + await ends_well(process)
    assert log.count(b"waiting for the database") == 1


async def test_without_the_broker_it_waits_and_still_ends_well(
    fresh_database_url: str, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port, nobody = unused_tcp_port_factory(), unused_tcp_port_factory()
    async with worker(
        database_url=fresh_database_url, broker_url=f"amqp://127.0.0.1:{nobody}/", probe_port=str(port)
    ) as process:
        log = await logged(process, b"waiting for the broker")
        await wait_for(port, "/readyz", 503)
        log += await ends_well(process)
    assert log.count(b"waiting for the broker") == 1


async def test_a_tick_needs_the_broker_only(broker: dict[str, str]) -> None:
    async with worker("--tick", "nowcast", database_url="postgresql://nowhere/x", **broker) as process:
        await ends_well(process, sigterm=False)


async def test_once_publishes_every_tick_and_ends(fresh_database_url: str, broker: dict[str, str]) -> None:
    async with worker("--once", database_url=fresh_database_url, **broker) as process:
        await ends_well(process, sigterm=False)


async def test_waiting_for_migrations_logs_the_command_to_run(
    empty_database_url: str, broker: dict[str, str], unused_tcp_port: int
) -> None:
    async with worker(database_url=empty_database_url, probe_port=str(unused_tcp_port), **broker) as process:
        await logged(process, b"punkcast migrate")
        await wait_for(unused_tcp_port, "/readyz", 503)
        await ends_well(process)

"""A worker as the orchestrator sees it: a process with probes that ends well on SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


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
    async with asyncio.timeout(20):
        while True:
            if await probe(port, path) == status:
                return
            await asyncio.sleep(0.1)


async def test_it_becomes_ready_and_ends_well_on_sigterm(
    fresh_database_url: str, amqp_url: str, broker_prefix: str
) -> None:
    port = free_port()
    async with worker(
        database_url=fresh_database_url, broker_url=amqp_url, broker_prefix=broker_prefix, probe_port=str(port)
    ) as process:
        await wait_for(port, "/readyz", 200)
        assert await probe(port, "/livez") == 200
        assert await probe(port, "/metrics") == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, log = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in log
    assert b'"stopping"' in log


async def test_without_database_and_broker_it_lives_waits_and_still_ends_well() -> None:
    port = free_port()
    async with worker(
        database_url=f"postgresql://nobody@127.0.0.1:{free_port()}/none",
        broker_url=f"amqp://127.0.0.1:{free_port()}/",
        probe_port=str(port),
    ) as process:
        await wait_for(port, "/readyz", 503)
        assert await probe(port, "/livez") == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, log = await process.communicate()
    assert process.returncode == 0
    assert log.count(b"waiting for the database") == 1
    assert b"Traceback" not in log


async def test_without_the_broker_it_waits_and_still_ends_well(fresh_database_url: str) -> None:
    port = free_port()
    async with worker(
        database_url=fresh_database_url, broker_url=f"amqp://127.0.0.1:{free_port()}/", probe_port=str(port)
    ) as process:
        await wait_for(port, "/readyz", 503)
        await asyncio.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            _, log = await process.communicate()
    assert process.returncode == 0
    assert log.count(b"waiting for the broker") == 1
    assert b"Traceback" not in log


async def test_a_tick_needs_the_broker_only(amqp_url: str, broker_prefix: str) -> None:
    async with worker(
        "--tick", "nowcast", broker_url=amqp_url, broker_prefix=broker_prefix, database_url="postgresql://nowhere/x"
    ) as process:
        async with asyncio.timeout(20):
            await process.wait()
    assert process.returncode == 0


async def test_once_publishes_every_tick_and_ends(fresh_database_url: str, amqp_url: str, broker_prefix: str) -> None:
    async with worker(
        "--once", database_url=fresh_database_url, broker_url=amqp_url, broker_prefix=broker_prefix
    ) as process:
        async with asyncio.timeout(20):
            _, log = await process.communicate()
    assert process.returncode == 0, log


async def test_an_unmigrated_database_is_waited_for_with_the_command_to_run(
    empty_database_url: str, amqp_url: str, broker_prefix: str
) -> None:
    port = free_port()
    async with worker(
        database_url=empty_database_url, broker_url=amqp_url, broker_prefix=broker_prefix, probe_port=str(port)
    ) as process:
        await wait_for(port, "/readyz", 503)
        await asyncio.sleep(1)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            _, log = await process.communicate()
    assert process.returncode == 0
    assert b"punkcast migrate" in log

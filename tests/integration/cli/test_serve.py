"""`punkcast serve` as a process: it answers, works, and ends when told to."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from shared.database.pool import Database

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answered(client: httpx.AsyncClient, path: str) -> httpx.Response | None:
    try:
        return await client.get(path)
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_answers_takes_the_market_in_and_ends_gracefully(
    database: Database, fresh_database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    environment = {
        **os.environ,
        "PUNKCAST_DATABASE_URL": fresh_database_url,
        "PUNKCAST_BROKER_URL": "memory://",
        "PUNKCAST_HOME": str(tmp_path),
        "PUNKCAST_SOURCE_URL": "simulated://?seed=1&days=2&history_days=3",
        "PUNKCAST_API_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli", "serve", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    reading = asyncio.create_task(process.communicate())
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(60):
            while (response := await answered(client, "/livez")) is None:
                assert process.returncode is None
                await asyncio.sleep(0.1)
            assert response.status_code == 200
            async with database.connection() as connection:
                while not await connection.fetchval("select count(*) from market_events"):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)  # another process does it
        process.send_signal(number)
        async with asyncio.timeout(40):
            _, errors = await reading
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()
    assert b"Traceback" not in errors

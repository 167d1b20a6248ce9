"""The servers that are compared, each a process of its own on one core.

`gateway` is the product; `constant` a FastAPI application whose routes return bytes of the sizes given; `bare` an ASGI
callable that does; `flask` the stack of the reference, Flask on gunicorn with psycopg2, whose route selects a value.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import psutil

from tests.plugins.rabbitmq_node import free_ports

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True)
class Server:
    """`ready_s`: from starting the process to its first good answer."""

    port: int
    pid: int
    ready_s: float

    def rss_mib(self) -> float:
        process = psutil.Process(self.pid)
        every = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in every) / 2**20


@asynccontextmanager
async def started(
    arguments: Sequence[str], *, ready: str, environment: dict[str, str] | None = None
) -> AsyncIterator[Server]:
    """A server process, once `ready` answers 200. `{port}` in the arguments is replaced by a free port."""
    (port,) = free_ports(1)
    begun = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(argument.format(port=port) for argument in arguments),
        env=os.environ | {"BENCH_CORE": str(SERVER_CORE), "PUNKCAST_API_PORT": str(port)} | (environment or {}),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await _until_ready(client, ready, process)
        yield Server(port, process.pid, time.perf_counter() - begun)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(client: httpx.AsyncClient, path: str, process: asyncio.subprocess.Process) -> None:
    for _ in range(3000):
        if process.returncode is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        try:
            if (await client.get(path)).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.01)
    raise RuntimeError("the server was not ready within half a minute")


def stay_on_core() -> None:
    """Keep this process where the benchmark wants it."""
    core = os.environ.get("BENCH_CORE")
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})


GATEWAY = (sys.executable, "-m", "tests.bench.gateway_bench.serve_gateway")
CONSTANT = (sys.executable, "-m", "tests.bench.gateway_bench.serve_constant")
BARE = (*CONSTANT, "bare")
FLASK = (
    sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1",
    # Its default worker closes every connection: with threads it keeps them, which is faster.
    "--worker-class", "gthread", "--threads", "2", "--log-level", "error",
    "tests.bench.gateway_bench.serve_flask:app",
)  # fmt: skip

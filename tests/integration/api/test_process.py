"""`python -m services.api` as a process: how it ends, and what an attack takes of its memory."""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.factories.waiting import eventually
from tests.plugins.rabbitmq_node import free_ports

ROOT = Path(__file__).parents[3]
PATIENCE_S = 300.0
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
NOWHERE = "postgresql://127.0.0.1:1/none"


class Gateway:
    """The process, and connections to it."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    async def told(self, data: bytes) -> bytes:
        """What it answers until it closes; nothing while it does not listen."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return b""
        answer = b""
        with suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
            while piece := await reader.read(2**16):
                answer += piece
        writer.close()
        return answer

    async def live(self) -> bool:
        assert self.process.returncode is None, "it ended"
        return b" 200 OK" in await self.told(LIVEZ)

    async def end(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()

    @property
    def resident_mb(self) -> float:
        """The most memory that it has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


@asynccontextmanager
async def started(home: Path, database: str = "embedded://") -> AsyncIterator[Gateway]:
    [port] = free_ports(1)
    environment = {"PATH": "/usr/bin:/bin", "PUNKCAST_HOME": str(home), "PUNKCAST_API_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.api"),
        cwd=ROOT,
        env=environment | {"PUNKCAST_DATABASE_URL": database},
        stdout=PIPE,
        stderr=PIPE,
    )
    reading = asyncio.create_task(process.communicate())
    try:
        yield Gateway(process, port)
    finally:
        if process.returncode is None:
            process.kill()
        await reading


@pytest.fixture
def home() -> Iterator[Path]:
    """Of a short name: PostgreSQL's socket lies in it."""
    with TemporaryDirectory(prefix="gw-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def servers_of(home: Path) -> list[str]:
    """Command lines of the PostgreSQL servers that run on the home."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(home) in line and "postgres" in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_its_streams_and_its_embedded_database(home: Path, number: int) -> None:
    async with started(home) as gateway:
        await eventually(gateway.live, within_s=PATIENCE_S)
        assert servers_of(home)
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in await reader.readline()
        gateway.process.send_signal(number)
        gateway.process.send_signal(number)
        assert await gateway.end() == 0
        writer.close()
    assert servers_of(home) == []


STAGES: dict[str, Callable[[Path], bool]] = {
    "it has just begun": lambda home: home.is_dir(),
    "it makes its database": lambda home: (home / "postgres").exists(),
    "its database starts": lambda home: any(home.rglob("postmaster.pid")),
}


@pytest.mark.parametrize("stage", STAGES)
async def test_a_signal_ends_it_while_it_starts(home: Path, stage: str) -> None:
    async with started(home) as gateway:
        await eventually(lambda: STAGES[stage](home), within_s=PATIENCE_S)
        if stage == "it has just begun":
            handlers = Path(f"/proc/{gateway.process.pid}/status")
            caught = lambda: int(re.findall(r"SigCgt:\s+(\w+)", handlers.read_text())[0], 16)  # noqa: E731
            await eventually(lambda: caught() >> (signal.SIGTERM - 1) & 1, within_s=PATIENCE_S)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0
    assert servers_of(home) == []


async def test_heads_without_an_end_take_neither_memory_nor_time(home: Path) -> None:
    async with started(home, NOWHERE) as gateway:
        await eventually(gateway.live, within_s=PATIENCE_S)
        before = gateway.resident_mb
        giants = [b"GET / HTTP/1.1\r\nX-A: " + b"b" * 40_000_000, b"GET /" + b"a" * 40_000_000] * 2
        attack = [asyncio.create_task(gateway.told(giant)) for giant in giants]
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(b"GET /livez HTTP/1.1\r\nX-A: " + b"b" * 30_000)
        assert await gateway.live()
        await asyncio.gather(*attack)
        assert await gateway.live()
        assert gateway.resident_mb - before < 50
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0

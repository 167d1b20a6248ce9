"""A load client in a process of its own: keep-alive connections, each asking again as soon as it was answered.

Hand-written bytes over asyncio protocols on uvloop: on two cores a client of httpx or aiohttp costs more than what it
measures. Reads its plan as JSON from standard input, writes what it saw to standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, cast

import uvloop


@dataclass(frozen=True)
class Plan:
    """`requests` are asked in turn by every connection; `core` is where the client runs (None: anywhere)."""

    port: int
    requests: list[str]
    seconds: float
    connections: int = 32
    warm_up_s: float = 0.5
    headers: dict[str, str] = field(default_factory=dict)
    core: int | None = None
    check_every: int = 0
    """Parse each so many answers (0: none), and notice those whose generation and value are not of one generation."""
    per_second: float = 0.0
    """Requests fall due at this rate, and an answer's time counts from then; 0: each connection asks when answered."""


@dataclass
class Seen:
    """`p50_ms` and `p99_ms` of the answers after the warm-up."""

    answers: int = 0
    errors: int = 0
    mixed: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    per_second: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, run: Run, first: int) -> None:
        self._run = run
        self._place = first
        self._buffer = bytearray()
        self._missing = -1
        self._status = b""
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._run.free(self)

    def ask(self, due: float) -> None:
        self._place += 1
        self._due = due
        self._transport.write(self._run.asked[self._place % len(self._run.asked)])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._missing < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            self._status = head[9:12]
            place = head.find(b"content-length: ")
            length = int(head[place + 16 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            self._missing = end + 4 + length
            self._head = end + 4
        if len(self._buffer) < self._missing:
            return
        self._run.answered(self._status, self._buffer, self._head, time.perf_counter() - self._due)
        self._buffer.clear()
        self._missing = -1
        if self._run.going:
            self._run.free(self)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._run.going:
            self._run.seen.errors += 1


class Run:
    """One plan being carried out."""

    def __init__(self, plan: Plan) -> None:
        extra = "".join(f"{name}: {value}\r\n" for name, value in plan.headers.items())
        self.plan = plan
        self.asked = [f"GET {path} HTTP/1.1\r\nHost: x\r\n{extra}\r\n".encode() for path in plan.requests]
        self.going = True
        self.counting = False
        self.seen = Seen()
        self._seconds: list[float] = []
        self._read = 0
        self._idle: list[Connection] = []
        self._due: deque[float] = deque()

    def free(self, connection: Connection) -> None:
        """The connection may ask again."""
        if not self.plan.per_second:
            connection.ask(time.perf_counter())
        elif self._due:
            connection.ask(self._due.popleft())
        else:
            self._idle.append(connection)

    async def _pace(self) -> None:
        due = time.perf_counter()
        while self.going:
            while due <= time.perf_counter():
                if self._idle:
                    self._idle.pop().ask(due)
                else:
                    self._due.append(due)
                due += 1 / self.plan.per_second
            await asyncio.sleep(0.0005)

    def answered(self, status: bytes, buffer: bytearray, head: int, seconds: float) -> None:
        text = status.decode()
        if status not in (b"200", b"304"):
            self.seen.errors += 1
            self.seen.statuses[text] = self.seen.statuses.get(text, 0) + 1
        self._read += 1
        checked = self.plan.check_every and self._read % self.plan.check_every == 0
        if checked and status == b"200" and mixed(json.loads(bytes(buffer[head:]))):
            self.seen.mixed += 1
        if self.counting:
            self.seen.answers += 1
            self.seen.bytes += len(buffer)
            self._seconds.append(seconds)

    async def go(self) -> Seen:
        loop = asyncio.get_running_loop()
        for number in range(self.plan.connections):
            await loop.create_connection(lambda first=number * 7: Connection(self, first), "127.0.0.1", self.plan.port)
        pacing = asyncio.create_task(self._pace()) if self.plan.per_second else None
        await asyncio.sleep(self.plan.warm_up_s)
        self.counting, began = True, time.perf_counter()
        await asyncio.sleep(self.plan.seconds)
        self.counting, took = False, time.perf_counter() - began
        self.going = False
        await asyncio.sleep(0.1)
        if pacing is not None:
            await pacing
        ordered = sorted(self._seconds)
        if not ordered:
            raise RuntimeError("the server answered nothing")
        self.seen.per_second = len(ordered) / took
        self.seen.p50_ms = 1000 * ordered[len(ordered) // 2]
        self.seen.p99_ms = 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        return self.seen


def mixed(document: dict[str, Any]) -> bool:
    """In this benchmark's generations every value ends in the number of its generation, in micro-ETH."""
    number = document["generation"]["generation_id"]
    items = document.get("items") or document.get("punks") or [document]
    return any(int(item["value"]["wei"]) // 10**12 % 1000 != number % 1000 for item in items)


async def load(plan: Plan) -> Seen:
    """Carry out a plan in a child process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(json.dumps(asdict(plan)).encode())
    if process.returncode:
        raise RuntimeError(f"the load client ended with {process.returncode}")
    return Seen(**json.loads(out))


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    if plan.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {plan.core})
    json.dump(asdict(uvloop.run(Run(plan).go())), sys.stdout)


if __name__ == "__main__":
    main()

"""A receiver of webhooks on a real socket."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


def token_of(body: bytes) -> str | None:
    """What a challenge asks for; None for another delivery."""
    event = json.loads(body)
    return event["data"]["challenge"] if event["type"] == "webhook.challenge" else None


@dataclass
class Receiver:
    """Answers with `status`; with `stall`, only once that is set. Challenges are answered if it is `proving`."""

    url: str = ""
    proving: bool = True
    challenges: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    """When each arrived, of `time.perf_counter`."""
    stall: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        taken = {name.lower(): value for name, value in request.headers.items()}, await request.read()
        if self.proving and (challenge := token_of(taken[1])) is not None:
            self.challenges.append(taken)
            return web.json_response({"challenge": challenge})
        self.got.append(taken)
        self.at.append(time.perf_counter())
        self.arrived.set()
        if self.stall is not None:
            await self.stall.wait()
        location = {"Location": f"{self.url}/elsewhere"} if 300 <= self.status < 400 else {}
        return web.Response(status=self.status, headers=self.headers | location)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of 127.0.0.1."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is written in answer to a request; `ILL` has the kinds of it that no delivery survives."""


def _repeat(beginning: bytes, more: bytes, every_s: float) -> Answering:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(every_s)

    return answer


ILL: dict[str, Answering] = {
    "says nothing": _repeat(b"", b"", 0.05),
    "drips its head": _repeat(b"HTTP/1.1 200 OK\r\nX-A: ", b"b", 0.05),
    "drips interim answers": _repeat(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05),
    "floods interim answers": _repeat(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100, 0.0),
    "never ends its head": _repeat(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1_000, 0.0),
    "never ends a line of its head": _repeat(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 10_000, 0.0),
    "speaks another protocol": _repeat(b"220 mail.example ESMTP\r\n", b"", 0.05),
}


@dataclass
class IllReceiver:
    """A server that takes requests and answers none of them; `open` connections hang now."""

    url: str
    open: int = 0
    most: int = 0


@asynccontextmanager
async def ill(answer: Answering) -> AsyncIterator[IllReceiver]:
    """An ill receiver on a free port of 127.0.0.1."""
    receiver = IllReceiver("")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.open += 1
        receiver.most = max(receiver.most, receiver.open)
        answering = asyncio.ensure_future(answer(writer))
        try:
            with suppress(ConnectionError):
                while await reader.read(65_536):
                    pass
        finally:
            receiver.open -= 1
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield receiver

"""What a connection may send, how long it may take, and how many there may be: by raw sockets, on a running server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.responses import StreamingResponse

from services.api import bootstrap, problems
from services.api.middleware import BodyLimit
from services.api.protocol import Bounds
from shared.settings import Settings
from tests.factories.waiting import eventually

QUICK = Bounds(head_s=0.3, body_s=0.3, stalled_s=0.3)
BOUNDS = Bounds()
HEAD = BOUNDS.head
GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE_S = 10


@dataclass
class Line:
    """A client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def rest(self) -> bytes:
        """All that is answered, until the server closes."""
        answer = b""
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionError):
                while piece := await self.reader.read(2**16):
                    answer += piece
        return answer

    async def status(self) -> int:
        """Of the next answer, which is read whole."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await self.reader.readexactly(length)
        return int(head.split()[1])


@dataclass
class Running:
    server: uvicorn.Server
    release: asyncio.Event
    gone: asyncio.Event
    lines: list[Line] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    async def line(self, host: str = "127.0.0.1") -> Line:
        line = Line(*await asyncio.open_connection("127.0.0.1", self.port, local_addr=(host, 0)))
        self.lines.append(line)
        return line

    async def told(self, data: bytes) -> bytes:
        line = await self.line()
        await line.send(data)
        return await line.rest()

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)


def application(release: asyncio.Event, gone: asyncio.Event) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=64 * 1024)

    @app.get("/livez")
    async def livez() -> Response:
        return Response(b"ok")

    @app.get("/slow")
    async def slow() -> Response:
        await release.wait()
        return Response(b"slow")

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        body = await request.body()
        return Response(f"{len(body)} {request.headers.get('x-late')}".encode())

    @app.post("/early")
    async def early() -> Response:
        return Response(b"early")

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 2**25)

    @app.get("/endless")
    async def endless() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 2**16
                    await asyncio.sleep(0)
            finally:
                gone.set()

        return StreamingResponse(pieces())

    return app


@asynccontextmanager
async def running(bounds: Bounds = BOUNDS, **settings: object) -> AsyncIterator[Running]:
    release, gone = asyncio.Event(), asyncio.Event()
    made = bootstrap.server(application(release, gone), Settings(**settings), bounds=bounds)  # type: ignore[arg-type]
    made.config.port = 0
    made.capture_signals = suppress  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(made.serve())
    await eventually(lambda: made.started)
    found = Running(made, release, gone)
    try:
        yield found
    finally:
        release.set()
        for line in found.lines:
            line.writer.transport.abort()
        made.should_exit = True
        await serving


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Running]:
    """For tests that leave nothing behind."""
    async with running() as server:
        yield server


@pytest_asyncio.fixture(scope="module")
async def quick() -> AsyncIterator[Running]:
    """As `server`, with short times: what comes late on a busy machine is refused, too."""
    async with running(QUICK) as server:
        yield server


def headers(size: int, each: int) -> bytes:
    """A head of `size` bytes, without its end, in lines of up to `each`."""
    first, line = b"GET /livez HTTP/1.1\r\n", b"X-A: " + b"b" * (each - 7) + b"\r\n"
    # What would not fill another line becomes one that is longer.
    lines, left = divmod(size - len(first) - each, each)
    return first + line * lines + b"X-A: " + b"b" * (each + left - 7) + b"\r\n"


BEYOND = {
    "one header of 2 MB": (b"GET /livez HTTP/1.1\r\nX-A: " + b"b" * 2_000_000, 431),
    "one name of 2 MB": (b"GET /livez HTTP/1.1\r\nX-" + b"A" * 2_000_000, 431),
    "many small headers": (headers(1_000_000, 60)[:-2], 431),
    "a byte too many": (headers(HEAD - 1, 60) + b"\r\n", 431),
    "a URL of 2 MB": (b"GET /" + b"a" * 2_000_000, 414),
    "a query of 40 kB": (b"GET /livez?" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n", 414),
    "a method of 2 MB": (b"G" * 2_000_000, 400),
    "empty lines": (b"\r\n" * 1_000_000, 431),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    "a header without a colon": (b"GET / HTTP/1.1\r\nnonsense\r\n\r\n", 400),
    "extensions of a chunk": (CHUNKED + b"1;" + b"x" * 2_000_000, 413),
    "trailers": (CHUNKED + b"0\r\n" + b"X-Late: 1\r\n" * 100_000, 413),
    "a body in chunks of 2 MB": (CHUNKED + (b"2710\r\n" + b"x" * 10_000 + b"\r\n") * 1000, 413),
    "an announced body of 2 MB": (POST + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, 413),
}


@pytest.mark.parametrize(("sent", "status"), BEYOND.values(), ids=BEYOND)
async def test_what_is_too_large_is_refused_with_a_problem_and_the_connection_ends(
    server: Running, sent: bytes, status: int
) -> None:
    answer = await server.told(sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:100]
    head, _, body = answer.lower().partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b'"status":%d' % status in body
    await eventually(lambda: server.open == 0)
    assert b"ok" in await server.told(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))


async def test_protocol_errors_have_the_safe_headers(server: Running) -> None:
    answer = await server.told(b"nonsense\r\n\r\n")
    assert b"x-content-type-options: nosniff" in answer
    assert b"referrer-policy: no-referrer" in answer


@pytest.mark.parametrize("each", [60, 1_000, HEAD // 2])
async def test_a_head_of_the_allowed_size_is_answered(server: Running, each: int) -> None:
    line = await server.line()
    for _ in range(2):
        await line.send(headers(HEAD - 2, each) + b"\r\n")
        assert await line.status() == 200


async def test_many_requests_on_a_connection_add_nothing_up(server: Running) -> None:
    line = await server.line()
    for _ in range(20):
        await line.send(headers(10_000, 500) + b"\r\n")
        assert await line.status() == 200
        await line.send(POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000)
        assert await line.status() == 200


async def test_a_body_in_chunks_of_one_byte_is_read(server: Running) -> None:
    line = await server.line()
    await line.send(CHUNKED + b"1\r\nx\r\n" * 64 * 1024 + b"0\r\n\r\n")
    assert await line.status() == 200


async def test_a_trailer_is_no_header(server: Running) -> None:
    answer = await server.told(
        CHUNKED.replace(b"Host", b"Connection: close\r\nHost") + b"1\r\nx\r\n0\r\nX-Late: 1\r\n\r\n"
    )
    assert answer.endswith(b"1 None")


LATE = {
    "half a request line": (b"GET /l", 408),
    "half a head": (GET[:-2], 408),
    "one empty line": (b"\r\n", 408),
    "half a body": (POST + b"Content-Length: 10\r\n\r\nx", 408),
    "half a chunk": (CHUNKED + b"5\r\nx", 408),
    "no trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", 408),
}


@pytest.mark.parametrize(("sent", "status"), LATE.values(), ids=LATE)
async def test_half_a_request_is_refused_after_its_time(quick: Running, sent: bytes, status: int) -> None:
    assert (await quick.told(sent)).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    ("first", "drop"), [(b"GET /", b"a"), (b"GET / HTTP/1.1\r\nX: ", b"b"), (b"", b"\r\n"), (CHUNKED, b"1\r\nx\r\n")]
)
async def test_a_request_that_drips_is_refused_after_its_time(quick: Running, first: bytes, drop: bytes) -> None:
    line = await quick.line()
    answer = asyncio.create_task(line.rest())
    await line.send(first)
    while not answer.done():
        await line.send(drop)
        await asyncio.sleep(0.02)
    assert (await answer).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_says_nothing_is_closed(quick: Running) -> None:
    assert await quick.told(b"") == b""


@pytest.mark.parametrize("body", [b"", b"x" * 10], ids=["half", "whole"])
async def test_a_connection_whose_answer_came_before_the_body_is_closed(quick: Running, body: bytes) -> None:
    line = await quick.line()
    await line.send(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    assert await line.status() == 200
    await line.send(body)
    assert await line.rest() == b""


async def test_a_request_after_a_body_that_was_refused_unsent_is_not_taken_for_that_body(server: Running) -> None:
    asked = POST + b"Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n"
    line = await server.line()
    await line.send(asked)
    assert await line.status() == 413
    await line.send(GET)
    assert await line.rest() == b""


async def test_a_slow_answer_is_waited_for() -> None:
    async with running(Bounds(head_s=1, body_s=1)) as server:
        line = await server.line()
        await line.send(SLOW)
        await asyncio.sleep(1.5)
        server.release.set()
        assert await line.status() == 200


async def test_pipelined_requests_are_answered_up_to_the_limit(server: Running) -> None:
    line = await server.line()
    await line.send(GET * BOUNDS.pipelined)
    assert [await line.status() for _ in range(BOUNDS.pipelined)] == [200] * BOUNDS.pipelined
    answers = (await server.told(GET * 100_000)).count(b"HTTP/1.1 200 ")
    assert BOUNDS.pipelined <= answers <= BOUNDS.pipelined + 1


@pytest.mark.parametrize("following", [b"nonsense\r\n\r\n", b"GET /" + b"a" * 100_000, b"GET /h"])
async def test_what_follows_a_good_request_does_not_take_its_answer(following: bytes) -> None:
    async with running(Bounds(head_s=1)) as server:
        line = await server.line()
        await line.send(SLOW + following)
        await asyncio.sleep(1.5)
        server.release.set()
        answer = await line.rest()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"slow")


async def test_another_protocol_is_not_spoken(server: Running) -> None:
    upgrade = GET.replace(b"Host", b"Connection: Upgrade\r\nUpgrade: websocket\r\nHost")
    answer = await server.told(upgrade + GET * 100)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 200 OK" in answer


@pytest.mark.parametrize("path", [b"/large", b"/endless"])
async def test_a_reader_that_takes_nothing_is_disconnected(path: bytes) -> None:
    async with running(Bounds(stalled_s=0.3)) as server:
        sock = socket.create_connection(("127.0.0.1", server.port))
        sock.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path)
        await eventually(lambda: server.open == 1)
        await eventually(lambda: server.open == 0)
        if path == b"/endless":
            await eventually(server.gone.is_set)
        sock.close()


async def test_a_reader_that_is_slow_gets_all() -> None:
    async with running(Bounds(stalled_s=2)) as server:
        line = await server.line()
        await line.send(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while piece := await line.reader.read(2**18):
            received += piece
            await asyncio.sleep(0.03)
        assert len(received) > 2**25


async def test_an_address_has_so_many_connections_and_others_have_theirs() -> None:
    async with running(connections_per_address=3) as server:
        lines = [await server.line("127.0.1.1") for _ in range(3)]
        await eventually(lambda: server.open == 3)
        refused = await (await server.line("127.0.1.1")).rest()
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"/busy" in refused
        assert b"retry-after" in refused
        other = await server.line("127.0.1.2")
        for line in (*lines, other):
            await line.send(GET)
            assert await line.status() == 200
        lines[0].writer.close()
        await eventually(lambda: server.open == 3)
        again = await server.line("127.0.1.1")
        await again.send(GET)
        assert await again.status() == 200


async def test_a_trusted_proxy_has_as_many_as_it_needs() -> None:
    async with running(connections_per_address=1, trusted_proxies="127.0.1.0/24") as server:
        for _ in range(5):
            line = await server.line("127.0.1.1")
            await line.send(GET)
            assert await line.status() == 200


async def test_in_all_there_are_so_many_and_the_oldest_idle_one_makes_place() -> None:
    async with running(max_connections=3) as server:
        idle, half, busy = [await server.line() for _ in range(3)]
        await half.send(b"GET /l")
        await busy.send(SLOW)
        await eventually(lambda: server.open == 3)
        for made_place in (idle, half):
            line = await server.line()
            await line.send(SLOW)
            assert await made_place.rest() == b""
        refused = await (await server.line()).rest()
        assert refused.startswith(b"HTTP/1.1 503 ")
        server.release.set()
        assert await busy.status() == 200


async def test_a_crowd_of_half_requests_keeps_nobody_out() -> None:
    async with running(max_connections=50) as server:
        for _ in range(200):
            await (await server.line()).send(b"GET /livez")
        line = await server.line()
        await line.send(GET)
        assert await line.status() == 200
        assert server.open <= 60

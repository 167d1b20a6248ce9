"""The stream of events: what is sent, resumed, missed, and how many may listen."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from services.api import bootstrap
from services.api.events.queries import Progress
from services.api.events.routes import _stream
from services.api.events.schemas import GenerationEvent
from services.api.events.stream import _ALL_SEEN, KEPT, EventStream, progress_of
from shared.settings import Settings
from shared.stores import offer_repository
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR, Served, problem, serving
from tests.integration.api.filling import NOW, Happening


class Reader:
    """Reads a stream beside the test. (httpx's in-process transport waits for an answer's end, which never comes.)"""

    def __init__(self) -> None:
        self.text = ""

    async def read(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            self.text += chunk.decode()

    @property
    def events(self) -> list[tuple[str, str, dict[str, object]]]:
        """(id, name, data)."""
        found = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in lines:
                found.append((lines.get("id", ""), lines["event"], json.loads(lines["data"])))
        return found

    async def until(self, count: int) -> None:
        await eventually(lambda: len(self.events) >= count)


@asynccontextmanager
async def listening(served: Served, *types: str, last: str | None = None) -> AsyncIterator[Reader]:
    reader = Reader()
    stream = _stream(served.gateway.event_stream, frozenset(types), last, lambda: False)  # type: ignore[arg-type]
    task = asyncio.create_task(reader.read(stream))
    try:
        await eventually(lambda: served.gateway.event_stream.started and "retry" in reader.text)
        await asyncio.sleep(0.05)
        yield reader
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await stream.aclose()  # type: ignore[attr-defined]


async def something_happens(served: Served, model: str, hour: int = 1) -> None:
    """A generation, and a sale that is scored."""
    run, sale = served.database.run, Happening("sale", 7, 1, 41.0, "0x1", "0x2")
    generation = await run(filling.publish, model, as_of=NOW + timedelta(hours=hour))
    await run(filling.happen, sale, first_block=21_000_000 + 10 * hour)
    await run(filling.score, generation=generation, model=model, punk=7, value_eth=42.0)


async def test_every_change_is_sent(served: Served, model: str) -> None:
    async with listening(served) as all_of_it, listening(served, "sale_scored") as sales:
        await something_happens(served, model)
        await all_of_it.until(2)
        await sales.until(1)
    assert [name for _, name, _ in all_of_it.events] == ["generation", "sale_scored"]
    (_, _, sale) = sales.events[0]
    assert (sale["punk_id"], sale["price"]) == (7, {"wei": str(41 * 10**18), "eth": 41.0})


async def test_a_new_ask_is_sent_with_its_value_and_history_is_not(served: Served, model: str) -> None:
    """The value of punk 2 is 40.02 ETH; punk 4 was listed in history."""
    run = served.database.run
    generation = await run(filling.publish, model, as_of=NOW + timedelta(hours=1))
    async with listening(served, "listing") as reader:
        await run(filling.happen, Happening("listed", 4, 3, 30.0, "0x1"))
        await run(filling.happen, Happening("listed", 2, 2, 36.018, "0x1"), first_block=21_000_100, known_at=NOW)
        await run(offer_repository.catch_up)
        await reader.until(1)
        await run(filling.happen, Happening("listed", 2, 1, 39.0, "0x1"), first_block=21_000_200, known_at=NOW)
        await run(offer_repository.catch_up)
        await reader.until(2)
    first, second = [data for _, _, data in reader.events]
    assert (first["punk_id"], first["ask"]["wei"], first["generation_id"]) == (2, str(36_018 * 10**15), generation)
    assert (first["value"]["eth"], first["discount"], first["provisional"]) == (40.02, pytest.approx(0.1), False)
    assert second["ask"]["eth"] == 39.0
    async with listening(served, last=reader.events[0][0]) as again:
        await again.until(1)
    assert [data["ask"]["eth"] for _, _, data in again.events] == [39.0]


async def test_promotions_and_rollbacks_are_sent(served: Served, model: str) -> None:
    contender = await served.database.run(filling.fill_model, 2)
    await served.database.execute("update models set state = 'evaluated' where model_id = $1", contender)
    async with listening(served, "promotion", "rollback") as reader:
        for act in ("promote", "rollback"):
            answer = await served.client.post(f"/v1/models/{contender}/{act}", json={"reason": "x"}, headers=OPERATOR)
            assert answer.status_code == 200
        await reader.until(2)
    assert [(name, data["model_id"]) for _, name, data in reader.events] == [
        ("promotion", contender), ("rollback", model),
    ]  # fmt: skip


async def test_a_reader_goes_on_where_it_was_on_another_process_too(served: Served, model: str) -> None:
    async with listening(served) as reader:
        await something_happens(served, model)
        await reader.until(2)
        first, second = reader.events
    async with listening(served, last=first[0]) as again:
        await again.until(1)
    assert again.events == [second]
    async with serving(served.database) as elsewhere, listening(elsewhere, last=first[0]) as other:
        await other.until(1)
        assert other.events == [second]
    async with listening(served, last=second[0]) as nothing:
        await something_happens(served, model, hour=3)
        await nothing.until(2)
    assert [name for _, name, _ in nothing.events] == ["generation", "sale_scored"]


async def test_a_reader_who_missed_more_than_is_kept_gets_a_gap_event(
    served: Served, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(served) as reader:
        await something_happens(served, model)
        await reader.until(2)
    stream = served.gateway.event_stream
    monkeypatch.setattr(stream, "_floor", Progress(10**6, 10**6, 10**6, 10**6))
    async with listening(served, last=reader.events[0][0]) as late:
        await late.until(1)
    assert late.events[0][1] == "reset"


async def test_the_buffer_is_bounded_and_knows_what_it_dropped(served: Served) -> None:
    stream = EventStream(served.database, served.gateway.config)
    data = GenerationEvent(generation_id=1, model_id="m", as_of=NOW, published_at=NOW)
    for number in range(1, KEPT + 6):
        stream._add("generation", "generation", number, data)
    assert len(stream._events) == KEPT
    assert stream._floor.generation == 5
    assert stream.after(Progress(5, 0, 0, 0))[1]
    assert not stream.after(Progress(4, 0, 0, 0))[1]


async def test_heartbeats_keep_the_line_open(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.api.events.routes.HEARTBEAT_S", 0.1)
    monkeypatch.setattr("services.api.events.routes.CHECK_S", 0.05)
    async with listening(served) as reader:
        await asyncio.sleep(0.6)
    assert reader.text.count(": heartbeat") >= 2


async def test_streams_end_when_the_server_stops(served: Served) -> None:
    stream = _stream(served.gateway.event_stream, frozenset(), None, lambda: True)
    assert [chunk async for chunk in stream] != []
    assert served.gateway.event_stream.streams == 0


async def test_no_more_streams_than_the_cap(served: Served, model: str) -> None:
    async with serving(served.database, max_streams=0) as full:
        answer = await full.client.get("/v1/events")
    assert problem(answer) == (503, "busy")
    assert answer.headers["retry-after"]


async def test_head_and_wrong_questions(unchanging: Served) -> None:
    head = await unchanging.client.head("/v1/events")
    assert (head.status_code, head.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
    assert (await unchanging.client.get("/v1/events", headers={"Last-Event-ID": "abc"})).status_code == 422


def test_ids_are_places() -> None:
    assert progress_of("g12.s34.p5.l6") == Progress(12, 34, 5, 6)
    assert progress_of("g12.s34.p5") == Progress(12, 34, 5, _ALL_SEEN), "an older release knew no listings"
    for wrong in ("", "g1", "g1.s2", "g-1.s2.p3", "g1.s2.p3.x", "g1.s2.p3.l", "g" + "9" * 30 + ".s1.p1"):
        assert progress_of(wrong) is None


@asynccontextmanager
async def on_a_port(served: Served, **settings: Any) -> AsyncIterator[tuple[int, EventStream]]:
    """Another gateway on the same database, as a process serves it: its port and its stream."""
    chosen = Settings(**settings)
    server = bootstrap.server(bootstrap.build(database=served.database, settings=chosen), chosen)
    server.config.port = 0
    server.capture_signals = suppress  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], server.lifespan.state["gateway"].event_stream
    finally:
        server.should_exit = True
        await running


async def opened(port: int, *, host: str = "127.0.0.1", headers: str = "") -> tuple[int, asyncio.StreamWriter]:
    """Status of a stream that is opened, and its connection, from which nothing more is read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    sock.bind((host, 0))
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    writer.write(f"GET /v1/events HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
    return int((await reader.readline()).split()[1]), writer


async def test_one_address_has_so_many_streams_and_others_have_theirs(served: Served) -> None:
    async with on_a_port(served) as (port, stream):
        opening = await asyncio.gather(*(opened(port, host="127.0.1.1") for _ in range(10)))
        assert sorted(status for status, _ in opening) == [200] * 4 + [503] * 6
        status, other = await opened(port, host="127.0.1.2")
        assert status == 200
        for _, writer in opening:
            writer.transport.abort()
        await eventually(lambda: stream.streams == 1)
        assert (await opened(port, host="127.0.1.1"))[0] == 200
        other.transport.abort()


async def test_readers_of_the_site_have_a_share_each(served: Served) -> None:
    async with on_a_port(served, streams_per_address=1) as (port, _):
        readers = ["203.0.113.1", "203.0.113.2", "203.0.113.1", "2001:db8::1", "2001:db8::2", "made up", "another"]
        opening = [await opened(port, headers=f"X-Forwarded-For: {reader}\r\n") for reader in readers]
        found = [status for status, _ in opening]
    assert found == [200, 200, 503, 200, 503, 200, 503], "one network and all that is no address count as one"


async def test_a_reader_that_has_stopped_reading_gives_up_its_place(served: Served) -> None:
    data = GenerationEvent(generation_id=1, model_id="m" * 2_000, as_of=NOW, published_at=NOW)
    async with on_a_port(served, streams_per_address=1) as (port, stream):
        status, stopped = await opened(port)
        assert status == 200
        await eventually(lambda: stream.started)
        assert (await opened(port))[0] == 503, "it may still read"
        [reader] = stream._readers
        transport = reader._transport
        assert transport is not None
        for number in range(KEPT):
            stream._add("generation", "generation", number, data)
        changed, stream._changed = stream._changed, asyncio.Event()
        changed.set()
        await eventually(lambda: reader.stalled)
        assert transport.get_write_buffer_size() < 128 * 1024, "what waits for it is bounded"
        assert (await opened(port))[0] == 200
        await eventually(transport.is_closing)
        stopped.transport.abort()


async def test_a_reader_that_falls_behind_by_more_than_is_kept_gets_a_gap_event(served: Served) -> None:
    stream = served.gateway.event_stream
    data = GenerationEvent(generation_id=1, model_id="m", as_of=NOW, published_at=NOW)
    async with listening(served) as reader:
        for number in range(KEPT + 1):
            stream._add("generation", "generation", number, data)
        changed, stream._changed = stream._changed, asyncio.Event()
        changed.set()
        await reader.until(KEPT + 1)
    assert [name for _, name, _ in reader.events] == ["reset", *["generation"] * KEPT]

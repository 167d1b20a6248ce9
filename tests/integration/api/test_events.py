"""The stream of events: what is sent, resumed, missed, and how many may listen."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from services.api.events.queries import Progress
from services.api.events.routes import _stream
from services.api.events.schemas import GenerationEvent
from services.api.events.stream import _ALL_SEEN, KEPT, EventStream, progress_of
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

"""Nothing published yet, a database that goes away and comes back, a generation that is not whole."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import asyncpg
import pytest

from services.api.nowcasts import queries as nowcasts
from shared.registry import unsupported
from shared.registry.unsupported import UnsupportedModel
from tests.factories.database import Database
from tests.factories.tcp_line import TcpLine
from tests.factories.waiting import eventually
from tests.integration.api import filling
from tests.integration.api.conftest import Served, problem, serving


@asynccontextmanager
async def behind_line(database_url: str) -> AsyncIterator[tuple[Served, TcpLine]]:
    """A gateway whose way to the database can be cut."""
    line = TcpLine(database_url)
    await line.mend()
    distant = await Database.connect(line.url)
    try:
        async with serving(distant, database_timeout_s=1.0) as served:
            yield served, line
    finally:
        await line.cut()
        await distant.close()


async def flags(served: Served, path: str) -> str | None:
    return (await served.client.get(path)).headers.get("punkcast-degraded")


async def test_without_a_generation_values_are_503_with_what_to_do(database: Database) -> None:
    async with serving(database) as served:
        await served.until(lambda: served.gateway.follower.looked)
        for path in ("/v1/punks/1", "/v1/punks", "/v1/nowcasts/current", "/v1/market"):
            answer = await served.client.get(path)
            assert problem(answer) == (503, "no-generation")
            assert int(answer.headers["retry-after"]) > 0
            assert "/v1/status" in answer.json()["next_step"]
        status = await served.json("/v1/status")
        assert "no_generation" in status["degraded"]
        assert status["nowcast"] is None
        assert (await served.client.get("/readyz")).status_code == 200


async def test_the_first_generation_shows_by_itself(database: Database, model: str) -> None:
    async with serving(database, poll_s=60.0) as served:
        await served.until(lambda: served.gateway.follower.looked)
        generation = await database.run(filling.publish, model)
        await served.until_shown(generation)  # the notification: the poll would take a minute
        assert (await served.client.get("/v1/punks/1")).status_code == 200


async def test_with_the_database_away_the_last_generation_is_served_and_says_so(
    database: Database, fresh_database_url: str, model: str
) -> None:
    first = await database.run(filling.publish, model)
    async with behind_line(fresh_database_url) as (served, line):
        await served.until_shown(first)
        performance = await served.json("/v1/performance")
        sound = await served.client.get("/v1/punks/7")
        assert "punkcast-degraded" not in sound.headers

        await line.cut()
        await served.until(lambda: served.gateway.current.database_away_since is not None)
        served.clock.move_to(filling.NOW.replace(minute=10))
        for path in ("/v1/punks/7", "/v1/punks?limit=2", "/v1/nowcasts/current", "/v1/market"):
            answer = await served.client.get(path)
            assert answer.status_code == 200
            assert answer.headers["punkcast-age-seconds"] == "600"
            assert answer.headers["punkcast-degraded"] == "database_away"
        cached = await served.client.get("/v1/performance")
        assert (cached.json(), cached.headers["punkcast-degraded"]) == (performance, "database_away")
        status = await served.json("/v1/status")
        assert "database_away" in status["degraded"]
        assert (status["outbox"], status["nowcast"]["generation_id"]) == (None, first)
        for path in ("/v1/models", "/v1/outcomes?format=csv"):
            away = await served.client.get(path)
            assert (away.status_code, away.headers["retry-after"]) == (503, "5")
            assert away.headers["content-type"] == "application/problem+json"
        assert (await served.client.get("/readyz")).status_code == 200

        second = await database.run(filling.publish, model, as_of=filling.NOW.replace(minute=5), shift=1)
        await line.mend()
        await served.until_shown(second)
        assert await flags(served, "/v1/punks/7") is None
        assert (await served.client.get("/v1/models")).status_code == 200


async def test_a_nowcast_older_than_ninety_minutes_is_marked_stale(served: Served) -> None:
    served.clock.move_to(filling.NOW.replace(hour=13, minute=30))
    assert await flags(served, "/v1/punks/7") is None
    served.clock.move_to(filling.NOW.replace(hour=13, minute=31))
    assert await flags(served, "/v1/punks/7") == "nowcast_stale"


async def test_while_the_running_code_cannot_serve_the_champion_answers_say_so(database: Database, model: str) -> None:
    found = UnsupportedModel(model, "c0de", "champion", "its format is of another release", filling.NOW)
    shown = await database.run(filling.publish, model)
    async with serving(database, poll_s=0.05) as served:
        await served.until_shown(shown)
        assert await flags(served, "/v1/punks/7") is None
        await database.run(unsupported.note, found)
        await served.until(lambda: served.gateway.current.champion_unsupported)
        answer = await served.client.get("/v1/punks/7")
        assert answer.headers["punkcast-degraded"] == "champion_unsupported"
        assert "champion_unsupported" in (await served.json("/v1/status"))["degraded"]
        assert 'flag="champion_unsupported"} 1.0' in (await served.client.get("/metrics")).text
        await database.run(unsupported.clear, still=(), at=filling.NOW)
        await served.until(lambda: not served.gateway.current.champion_unsupported)
        assert await flags(served, "/v1/punks/7") is None


async def test_a_generation_with_missing_rows_is_refused_and_the_last_whole_one_stays(
    served: Served, model: str
) -> None:
    shown = served.gateway.current.require().generation.record.generation_id
    halved = await served.database.run(
        filling.publish, model, as_of=filling.NOW.replace(minute=30), punks=range(30), row_count=60
    )
    await served.until(lambda: served.gateway.current.refused == halved)
    answer = await served.client.get("/v1/punks/45")
    assert answer.json()["generation"]["generation_id"] == shown
    assert answer.headers["punkcast-degraded"] == "generation_refused"
    whole = await served.database.run(filling.publish, model, as_of=filling.NOW.replace(minute=45))
    await served.until_shown(whole)
    assert await flags(served, "/v1/punks/45") is None


async def test_it_comes_up_without_the_database_and_says_so_until_that_is_there(fresh_database_url: str) -> None:
    line = TcpLine(fresh_database_url)
    await line.mend()
    await line.cut()
    opened = await Database.connect(line.url, min_size=0)  # as `open_pool` does
    async with serving(opened, database_timeout_s=1.0) as served:
        await served.until(lambda: served.gateway.current.database_away_since is not None)
        assert (await served.client.get("/livez")).status_code == 200
        assert (await served.client.get("/readyz")).status_code == 503
        assert (await served.client.get("/v1/punks/1")).status_code == 503
        assert "database_away" in (await served.json("/v1/status"))["degraded"]
        await line.mend()
        await served.until(lambda: served.gateway.follower.looked)
        assert (await served.client.get("/readyz")).status_code == 200
    await line.cut()
    await opened.close()


async def test_a_database_that_fails_every_question_is_asked_ever_more_rarely(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    async def fail(_: object) -> nowcasts.Pointer:
        asked.append(time.monotonic())
        raise asyncpg.UndefinedTableError("the schema is not there yet")

    with monkeypatch.context() as patched:
        patched.setattr(nowcasts, "pointer", fail)
        async with serving(database):
            await eventually(lambda: len(asked) >= 5)
    for number, (earlier, later) in enumerate(pairwise(asked[:5])):
        assert later - earlier >= 0.05 * 2**number

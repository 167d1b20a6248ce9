"""`punkcast explain` from the platform's record: what was published can be explained, and made again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import NowcastRequested
from shared.database.pool import Database
from shared.errors import InvalidInputError, NotFoundError
from tests.factories import small_market
from tests.factories.small_market import END
from tests.factories.stand import Stand

Run = Callable[..., str]
START = END - timedelta(days=2)
PUNK = 5


@pytest.fixture
async def stand(database: Database, tmp_path: Path) -> Stand:
    """A day of events, and a nowcaster that has a champion to value them with; it archives where the command looks."""
    stand = Stand.at(START, database, tmp_path / "home")
    await stand.import_until(START + timedelta(days=1))
    await stand.host(build_nowcaster(stand.platform))
    await stand.promote(small_market.model())
    return stand


async def tick(stand: Stand, hours: int) -> str:
    """Let time pass and publish; the instant."""
    stand.clock.move_to(stand.clock.now() + timedelta(hours=hours))
    await stand.send(NowcastRequested(slot=stand.clock.now()))
    assert await stand.dead() == []
    return stand.clock.now().isoformat()


async def said(run: Run, *arguments: object) -> str:
    # Commands have an event loop of their own, so they run beside this one.
    return await asyncio.to_thread(run, "explain", *map(str, arguments))


async def document(run: Run, *arguments: object) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await said(run, *arguments, "--json", "-"))
    return told


async def test_a_published_value_is_explained_and_its_snapshot_made_again(run: Run, stand: Stand) -> None:
    first, second = await tick(stand, 3), await tick(stand, 3)
    later = (stand.clock.now() + timedelta(minutes=20)).isoformat()
    told = await document(run, PUNK, "--as-of", later)
    row = (await stand.rows("select * from generations order by generation_id desc limit 1"))[0]
    published = await stand.value(
        "select value_wei::text from nowcasts where generation_id = $1 and punk_id = $2", row["generation_id"], PUNK
    )
    made = told["reproduction"]
    bounds = await stand.rows(
        """select lo50_wei / 1e18 as lo50, hi50_wei / 1e18 as hi50, lo80_wei / 1e18 as lo80, hi80_wei / 1e18 as hi80,
                  lo90_wei / 1e18 as lo90, hi90_wei / 1e18 as hi90
           from nowcasts where generation_id = $1 and punk_id = $2""",
        row["generation_id"],
        PUNK,
    )
    assert told["bounds_eth"] == pytest.approx({name: float(bound) for name, bound in bounds[0].items()}, abs=1e-6)
    assert row["interval_offsets"] != small_market.calibration(small_market.model()).offsets.tolist()
    assert made["same_calibration"]
    assert made["published_wei"] == made["explained_wei"] == published
    assert told["snapshot_id"] == made["recorded"] == made["recomputed"] == row["snapshot_id"]
    assert made["archived"]
    assert (told["as_of"], told["previous"]["as_of"]) == (second, first)
    assert told["model"]["model_id"] == small_market.model().model_id
    assert told["model"]["git_sha"] == "abc"
    before = await document(run, PUNK, "--as-of", first)
    assert told["changes"]["before_eth"] == pytest.approx(before["value_eth"])
    assert before["changes"] is None
    printed = await said(run, PUNK, "--as-of", later)
    assert "made again from the events known then: the same snapshot id" in printed
    assert "correction and intervals made again from the outcomes known then: the same" in printed
    assert "the value equals the published one" in printed


async def test_events_that_came_later_do_not_change_what_is_explained(run: Run, stand: Stand) -> None:
    instant = await tick(stand, 23)
    before = await document(run, PUNK, "--as-of", instant)
    await stand.import_until(END)
    assert await document(run, PUNK, "--as-of", instant) == before


async def test_a_snapshot_that_cannot_be_made_again_is_told(run: Run, stand: Stand) -> None:
    instant = await tick(stand, 3)
    await stand.rows("update eth_usd_daily set close = close + extract(day from date)")
    told = await said(run, PUNK, "--as-of", instant)
    assert "made again from the events known then: ANOTHER snapshot" in told
    assert "the value equals the published one" in told  # which was made of the archived one


async def test_the_nowcast_before_may_be_of_another_model(run: Run, stand: Stand) -> None:
    await tick(stand, 3)
    other = small_market.model(8)
    await stand.promote(other)
    await tick(stand, 3)
    told = await document(run, PUNK, "--as-of", stand.clock.now().isoformat())
    assert told["model"]["model_id"] == other.model_id
    assert told["previous"]["other_model"] == small_market.model().model_id
    said_then = await stand.value(
        "select value_wei::text from nowcasts join generations using (generation_id) "
        "where model_id = $1 and punk_id = $2 and role = 'champion'",
        small_market.model().model_id,
        PUNK,
    )
    assert told["previous"]["published_wei"] == said_then
    assert told["changes"]["after_eth"] == told["value_eth"]


async def test_another_model_can_be_asked_by_id_or_by_file(run: Run, stand: Stand, tmp_path: Path) -> None:
    instant = await tick(stand, 3)
    other = await stand.register(small_market.model(8))
    by_id = await document(run, PUNK, "--as-of", instant, "--model", other.model_id)
    file = tmp_path / "other.json"
    file.write_bytes(small_market.model(8).to_bytes())
    by_file = await document(run, PUNK, "--as-of", instant, "--model", file)
    assert by_id["value_eth"] == by_file["value_eth"] != (await document(run, PUNK, "--as-of", instant))["value_eth"]
    assert by_id["model"]["environment_hash"] == "e"
    assert by_file["model"]["environment_hash"] is None
    assert by_id["reproduction"]["published_wei"] is None


async def test_before_the_first_nowcast_the_champion_is_asked_as_of_the_instant_itself(run: Run, stand: Stand) -> None:
    instant = (stand.clock.now() + timedelta(hours=1)).isoformat()
    told = await document(run, PUNK, "--as-of", instant)
    assert told["as_of"] == instant
    assert told["reproduction"]["recorded"] is None
    assert "no nowcast is on record" in await said(run, PUNK, "--as-of", instant)


async def test_what_cannot_be_explained_is_said(run: Run, stand: Stand) -> None:
    for arguments, error, words in (
        ((10_000,), NotFoundError, "there is no punk 10000"),
        ((PUNK, "--as-of", "2017-01-01"), NotFoundError, "the market of the database begins at 2020-09-13"),
        ((PUNK, "--as-of", "2020-11-01"), NotFoundError, "there was no champion at 2020-11-01"),
        ((PUNK, "--as-of", "2999-01-01"), InvalidInputError, "lies ahead of"),
        ((PUNK, "--model", "m-0123456789abcdef"), NotFoundError, "no model m-0123456789abcdef"),
    ):
        with pytest.raises(error, match=words):
            await said(run, *arguments)


def test_a_platform_without_events_says_how_to_get_some(run: Run) -> None:
    with pytest.raises(NotFoundError, match="there are no events in the database; `punkcast import DIR`"):
        run("explain", str(PUNK))

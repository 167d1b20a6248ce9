"""`punkcast explain` from the platform's record: what was published can be explained, and made again."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.nowcaster.bootstrap import build as build_nowcaster
from shared.contracts.messages import NowcastRequested
from shared.errors import InvalidInputError, NotFoundError
from tests.factories import small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.small_market import END
from tests.integration.cli.conftest import run, said

START = END - timedelta(days=2)
PUNK = 5


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    """A day of events, and a nowcaster that has a champion to value them with; it archives where the command looks."""
    harness = Harness.at(START, database, tmp_path / "home")
    await harness.import_until(START + timedelta(days=1))
    await harness.host(build_nowcaster)
    await harness.promote(small_market.model())
    return harness


async def tick(harness: Harness, hours: int) -> str:
    """Let time pass and publish; the instant."""
    harness.clock.move_to(harness.clock.now() + timedelta(hours=hours))
    await harness.send(NowcastRequested(slot=harness.clock.now()))
    assert await harness.dead() == []
    return harness.clock.now().isoformat()


async def document(*arguments: object) -> dict[str, Any]:
    return json.loads(await said("explain", *arguments, "--json", "-"))


async def test_a_published_value_is_explained_and_its_snapshot_rebuilt(harness: Harness) -> None:
    first, second = await tick(harness, 3), await tick(harness, 3)
    later = (harness.clock.now() + timedelta(minutes=20)).isoformat()
    explained = await document(PUNK, "--as-of", later)
    row = (await harness.rows("select * from generations order by generation_id desc limit 1"))[0]
    (published,) = await harness.rows(
        "select * from nowcasts where generation_id = $1 and punk_id = $2", row["generation_id"], PUNK
    )
    made = explained["reproduction"]
    bounds = {name: float(published[f"{name}_wei"]) / 1e18 for name in ("lo50", "hi50", "lo80", "hi80", "lo90", "hi90")}
    assert explained["bounds_eth"] == pytest.approx(bounds, abs=1e-6)
    assert row["interval_offsets"] != small_market.calibration(small_market.model()).offsets.tolist()
    assert made["same_calibration"]
    assert made["published_wei"] == made["explained_wei"] == str(int(published["value_wei"]))
    assert explained["snapshot_id"] == made["recorded"] == made["recomputed"] == row["snapshot_id"]
    assert made["archived"]
    assert (explained["as_of"], explained["previous"]["as_of"]) == (second, first)
    assert explained["model"]["model_id"] == small_market.model().model_id
    assert explained["model"]["git_sha"] == "abc"
    before = await document(PUNK, "--as-of", first)
    assert explained["changes"]["before_eth"] == pytest.approx(before["value_eth"])
    assert before["changes"] is None
    printed = await said("explain", PUNK, "--as-of", later)
    assert "made again from the events known then: the same snapshot id" in printed
    assert "correction and intervals made again from the outcomes known then: the same" in printed
    assert "the value equals the published one" in printed


async def test_later_events_do_not_change_an_explanation(harness: Harness) -> None:
    instant = await tick(harness, 23)
    before = await document(PUNK, "--as-of", instant)
    await harness.import_until(END)
    assert await document(PUNK, "--as-of", instant) == before


async def test_a_snapshot_that_cannot_be_made_again_is_reported(harness: Harness) -> None:
    instant = await tick(harness, 3)
    await harness.rows("update eth_usd_daily set close = close + extract(day from date)")
    explained = await said("explain", PUNK, "--as-of", instant)
    assert "made again from the events known then: ANOTHER snapshot" in explained
    assert "the value equals the published one" in explained  # which was made of the archived one


async def test_a_nowcast_whose_rows_and_inputs_are_no_longer_kept_is_made_again(harness: Harness) -> None:
    instant = await tick(harness, 3)
    await harness.execute("delete from nowcasts")
    await harness.execute("update archives set removed_at = now() where kind = 'snapshot'")
    explained = await said("explain", PUNK, "--as-of", instant)
    assert "the inputs of this generation are no longer kept" in explained
    assert "made again from the events known then: the same snapshot id" in explained
    assert "the value equals the published one" in explained  # which was read from the generation's file


async def test_the_nowcast_before_may_be_of_another_model(harness: Harness) -> None:
    await tick(harness, 3)
    other = small_market.model(8)
    await harness.promote(other)
    await tick(harness, 3)
    explained = await document(PUNK, "--as-of", harness.clock.now().isoformat())
    assert explained["model"]["model_id"] == other.model_id
    assert explained["previous"]["other_model"] == small_market.model().model_id
    said_then = await harness.value(
        "select value_wei::text from nowcasts join generations using (generation_id) "
        "where model_id = $1 and punk_id = $2 and role = 'champion'",
        small_market.model().model_id,
        PUNK,
    )
    assert explained["previous"]["published_wei"] == said_then
    assert explained["changes"]["after_eth"] == explained["value_eth"]


async def test_another_model_can_be_asked_by_id_or_by_file(harness: Harness, tmp_path: Path) -> None:
    instant = await tick(harness, 3)
    other = await harness.register(small_market.model(8))
    by_id = await document(PUNK, "--as-of", instant, "--model", other.model_id)
    file = tmp_path / "other.json"
    file.write_bytes(small_market.model(8).to_bytes())
    by_file = await document(PUNK, "--as-of", instant, "--model", file)
    assert by_id["value_eth"] == by_file["value_eth"] != (await document(PUNK, "--as-of", instant))["value_eth"]
    assert by_id["model"]["environment_hash"] == "e"
    assert by_file["model"]["environment_hash"] is None
    assert by_id["reproduction"]["published_wei"] is None


async def test_before_the_first_nowcast_the_champion_is_asked_as_of_the_instant_itself(harness: Harness) -> None:
    instant = (harness.clock.now() + timedelta(hours=1)).isoformat()
    explained = await document(PUNK, "--as-of", instant)
    assert explained["as_of"] == instant
    assert explained["reproduction"]["recorded"] is None
    assert "no nowcast is on record" in await said("explain", PUNK, "--as-of", instant)


async def test_what_cannot_be_explained_is_said(harness: Harness) -> None:
    for arguments, error, words in (
        ((PUNK, "--as-of", "2017-01-01"), NotFoundError, "the market of the database begins at 2020-09-13"),
        ((PUNK, "--as-of", "2020-11-01"), NotFoundError, "there was no champion at 2020-11-01"),
        ((PUNK, "--as-of", "2999-01-01"), InvalidInputError, "is in the future"),
        ((PUNK, "--model", "m-0123456789abcdef"), NotFoundError, "model m-0123456789abcdef does not exist"),
    ):
        with pytest.raises(error, match=words):
            await said("explain", *arguments)


def test_a_platform_without_events_says_how_to_get_some() -> None:
    with pytest.raises(NotFoundError, match="there are no events in the database; `punkcast import DIR`"):
        run("explain", str(PUNK))

"""A replay plays the whole lifecycle, and its figures are those of what it left in the database."""

import hashlib
import json
import math
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean, median

import polars as pl
import pytest

from lab.replay.driver import Replay
from lab.replay.plan import Plan
from lab.stage import Stage
from shared.errors import InvalidInputError
from shared.sources.event_files import EventFileSource
from tests.e2e.command import Home
from tests.e2e.conftest import DAYS, Market, Played
from tests.factories import registry
from tests.factories.database import Database
from tests.factories.harness import Harness

FIGURES = {
    *("wall_s", "peak_rss_mib", "nowcasts", "valid_sales", "scored", "median_ape", "floor_median_ape", "contenders"),
    *("promotions", "rejections", "rollbacks", "values_sha256", "models_sha256"),
}
START = datetime(2024, 1, 1, tzinfo=UTC)
CHAMPIONS_SQL = "select * from generations where role = 'champion' order by published_at, generation_id"
EVERYTHING = ("generations", "nowcasts", "outcomes", "sales", "models", "decisions", "training_requests", "replays")


async def test_nowcasts_are_published_on_schedule_and_after_each_promotion(played: Played) -> None:
    generations = await played.home.rows(CHAMPIONS_SQL)
    promoted = await played.home.value("select array_agg(decided_at) from decisions where action = 'promote'")
    rows = await played.home.rows("select generation_id, count(*) as n from nowcasts group by 1")
    # Every midnight, the last one included.
    expected = [START.replace(day=day) for day in range(1, DAYS + 2)] + promoted
    assert [row["published_at"] for row in generations] == sorted(expected)
    assert played.figures["nowcasts"] == len(expected)
    assert {row["n"] for row in rows} == {10_000}
    assert {row["generation_id"] for row in generations} <= {row["generation_id"] for row in rows}


async def test_a_contender_is_trained_gated_and_promoted_before_the_first_day_and_another_twelve_days_later(
    played: Played,
) -> None:
    contenders = await played.home.rows("select registered_at, state from models order by registered_at")
    decided = await played.home.rows("select action, kind from decisions order by decided_at, decision_id")
    requests = await played.home.rows("select status, requested_by from training_requests order by requested_at")
    assert [row["registered_at"] for row in contenders] == [START - timedelta(minutes=30), START + timedelta(days=12)]
    assert contenders[0]["state"] in ("champion", "retired")
    assert dict(decided[0]) == {"action": "promote", "kind": "gate"}
    assert [tuple(row) for row in requests] == [("succeeded", "retrain-policy")] * 2
    actions = [row["action"] for row in decided]
    counted = {"promotions": "promote", "rejections": "reject", "shadows": "start_shadow", "rollbacks": "rollback"}
    assert {figure: played.figures[figure] for figure in ("contenders", *counted)} == {
        "contenders": 2, **{figure: actions.count(action) for figure, action in counted.items()}
    }  # fmt: skip
    lifecycle = played.figures["lifecycle"]
    assert len(lifecycle) == len(decided)
    assert lifecycle[0].startswith("2023-12-31 23:30 gate     promote ")


async def test_every_decision_of_a_replay_can_be_made_again_from_its_evidence(played: Played) -> None:
    async with played.home.connection() as connection:
        findings = await registry.findings(connection)
    assert {finding.decision.action for finding in findings} >= {"promote"}
    assert [finding.problems for finding in findings] == [()] * len(findings)


async def test_every_valid_sale_of_the_window_is_scored_against_what_was_published_before_it(
    played: Played, market: Market
) -> None:
    home = played.home
    sales = await home.rows("select * from sales where event_time >= $1 order by event_seq", START)
    outcomes = await home.rows("select * from outcomes where track = 'champion' and horizon = 'latest'")
    scored = {row["event_seq"]: row for row in outcomes}
    generations = await home.rows(CHAMPIONS_SQL)
    values = {
        (row["generation_id"], row["punk_id"]): row["value_wei"]
        for row in await home.rows(
            "select n.* from nowcasts n join outcomes using (generation_id) join sales using (event_seq, punk_id)"
        )
    }
    events = pl.read_parquet(market.folder / "events.parquet").filter(pl.col("timestamp") >= START)
    assert len(sales) == events.filter(pl.col("event_type") == "sale").height > 100
    valid = [row for row in sales if row["exclusion"] is None]
    assert played.figures["valid_sales"] == played.figures["scored"] == len(valid) > 100
    published = [row["published_at"] for row in generations]
    for sale in valid:
        shown = generations[bisect_left(published, sale["event_time"]) - 1]
        outcome = scored[sale["event_seq"]]
        value = values[shown["generation_id"], sale["punk_id"]]
        expected = (shown["generation_id"], value, sale["price_wei"], shown["floor_wei"])
        assert tuple(outcome[name] for name in ("generation_id", "value_wei", "price_wei", "floor_wei")) == expected
        assert outcome["log_error"] == pytest.approx(math.log(outcome["value_wei"] / sale["price_wei"]), abs=1e-9)


async def test_the_figures_are_those_of_the_database(played: Played) -> None:
    figures = played.figures
    assert set(figures) >= FIGURES
    outcomes = await played.home.rows(
        "select o.* from outcomes o join sales using (event_seq) "
        "where track = 'champion' and horizon = 'latest' and event_time >= $1",
        START,
    )
    generations = await played.home.rows(CHAMPIONS_SQL)
    artifacts = await played.home.rows("select artifact_sha256 from models order by registered_at")
    assert figures["scored"] == len(outcomes)
    errors = [float(row["value_wei"] / row["price_wei"]) - 1 for row in outcomes]
    floors = [float(row["floor_wei"] / row["price_wei"]) - 1 for row in outcomes]
    recomputed = {
        "median_ape": median(map(abs, errors)),
        "mape": fmean(map(abs, errors)),
        "median_bias": median(errors),
        "floor_median_ape": median(map(abs, floors)),
        "coverage80": fmean(row["in80"] for row in outcomes),
    }
    assert {name: figures[name] for name in recomputed} == pytest.approx(recomputed, abs=1e-9)
    assert figures["values_sha256"] == _digest([row["values_sha256"] for row in generations])
    assert figures["models_sha256"] == _digest([row["artifact_sha256"] for row in artifacts])
    assert figures["wall_s"] > 0
    assert 50 < figures["peak_rss_mib"] < 2048


async def test_the_last_values_have_reasons_and_every_day_its_index(played: Played) -> None:
    assert await played.home.value("select max(generation_id) from explanations") == await played.home.value(
        "select generation_id from nowcast_pointer"
    )
    last = await played.home.rows("select date, index_eth from market_days order by date desc limit 2")
    assert last[0]["date"] >= START.date() + timedelta(days=DAYS - 1)
    assert all(row["index_eth"] for row in last)


async def test_the_screen_shows_the_lifecycle_and_the_same_figures(played: Played) -> None:
    output, figures = played.finished.output, played.figures
    assert played.finished.errors == ""
    for line in figures["lifecycle"]:
        assert line in output
    assert f"{figures['median_ape']:.2%}" in output
    assert f"{figures['floor_median_ape']:.2%}" in output
    assert figures["values_sha256"][:16] in output


async def test_a_finished_replay_called_again_shows_its_figures_and_changes_nothing(
    played: Played, market: Market, tmp_path: Path
) -> None:
    before = await _content(played.home)
    again = (await played.home.run("replay", *market.options, "--json", str(tmp_path / "again.json"))).succeeded()
    assert "was played before" in again.output
    figures = json.loads((tmp_path / "again.json").read_text())
    assert {**figures, "peak_rss_mib": 0} == {**played.figures, "peak_rss_mib": 0}
    assert await _content(played.home) == before


async def test_a_replay_with_other_options_in_the_same_home_is_refused(played: Played, market: Market) -> None:
    before = await _content(played.home)
    options = list(market.options)
    options[options.index("--nowcast-every") + 1] = "12h"
    refused = await played.home.run("replay", *options)
    assert refused.code == 2
    assert refused.complaint == (
        "this PUNKCAST_HOME already holds the replay from 2024-01-01 to 2024-01-13, a nowcast every 24 h, watched "
        "every 1 h; give the same options to resume it, or set PUNKCAST_HOME to an empty folder for another"
    )
    assert await _content(played.home) == before


@pytest.mark.parametrize(
    ("first", "last", "complaint"),
    [
        ("2023-01-01", "2024-01-02", "nothing to learn from before --from 2023-01-01: the events begin 2023-06-"),
        ("2024-06-01", "2024-06-02", "no events from 2024-06-01 to 2024-06-02: the last one is of 2024-01-13"),
    ],
)
async def test_a_window_outside_the_events_is_refused(
    database: Database, market: Market, tmp_path: Path, first: str, last: str, complaint: str
) -> None:
    plan = Plan(date.fromisoformat(first), date.fromisoformat(last), timedelta(days=1))
    harness = Harness.at(plan.prelude, database, tmp_path)
    stage = Stage(harness.platform, harness.clock, harness.bus, name="replay")
    with pytest.raises(InvalidInputError, match=complaint):
        await Replay(stage, EventFileSource(market.folder), plan).run()
    for table in ("market_events", "replays"):
        assert await harness.rows(f"select * from {table}") == []


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _content(home: Home) -> dict[str, str]:
    hashed = "select md5(string_agg(md5(t::text), '' order by t::text)) from {} t"
    return {table: await home.value(hashed.format(table)) for table in EVERYTHING}

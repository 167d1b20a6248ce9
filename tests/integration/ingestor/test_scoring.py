"""Forward means forward: which published values a sale is scored against."""

import math
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from services.ingestor.bootstrap import build
from shared.contracts.messages import IngestRequested, MarketUpdated
from tests.factories import registry, small_market
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.rows import an_event
from tests.factories.small_market import END, Source

START = END - timedelta(days=10)
TICK = timedelta(microseconds=1)
SALE = small_market.sales().filter(pl.col("timestamp") > START + timedelta(days=8)).row(0, named=True)
SOLD: datetime = SALE["timestamp"]


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    harness = Harness.at(START, database, tmp_path)
    await harness.host(build, source=Source())
    await harness.send(IngestRequested(slot=START))
    return harness


async def publish(harness: Harness, name: str, at: datetime, *, role: str = "champion") -> int:
    return await harness.run(registry.publish, name, at, role=role)


async def scored(harness: Harness) -> list[asyncpg.Record]:
    """Outcomes of the one sale, once everything has been ingested."""
    harness.clock.move_to(END)
    await harness.send(IngestRequested(slot=END))
    assert await harness.dead() == []
    return await harness.rows(
        "select * from outcomes where event_seq = $1 order by track, horizon, model_id", SALE["seq"]
    )


async def test_a_sale_is_scored_against_the_last_generation_published_before_it(harness: Harness) -> None:
    await publish(harness, "good", SOLD - timedelta(hours=2))
    last = await publish(harness, "good", SOLD - TICK)
    await publish(harness, "good", SOLD + TICK)
    (outcome,) = await scored(harness)
    price = int(SALE["price_wei"])
    assert dict(outcome) == {
        "event_seq": SALE["seq"], "model_id": registry.model_id("good"), "generation_id": last, "track": "champion",
        "horizon": "latest", "value_wei": 10, "price_wei": price, "floor_wei": 40 * registry.ETH,
        "log_error": pytest.approx(math.log(10 / price)), "in50": False, "in80": False, "in90": False, "scored_at": END,
    }  # fmt: skip


@pytest.mark.parametrize("after", [timedelta(0), TICK, timedelta(minutes=4)])
async def test_a_generation_of_the_very_instant_or_later_is_none_that_was_published_before(
    harness: Harness, after: timedelta
) -> None:
    await publish(harness, "good", SOLD + after)
    assert await scored(harness) == []


async def test_each_horizon_has_the_generation_that_was_out_so_long_before(harness: Harness) -> None:
    week = await publish(harness, "old", SOLD - timedelta(days=7) - TICK)
    await publish(harness, "good", SOLD - timedelta(days=7))
    day = await publish(harness, "good", SOLD - timedelta(hours=24) - TICK)
    await publish(harness, "good", SOLD - timedelta(hours=24))
    latest = await publish(harness, "good", SOLD - timedelta(minutes=20))
    outcomes = {row["horizon"]: (row["generation_id"], row["model_id"]) for row in await scored(harness)}
    good, old = registry.model_id("good"), registry.model_id("old")
    assert outcomes == {"latest": (latest, good), "24h": (day, good), "7d": (week, old)}


async def test_standby_models_are_scored_on_the_champions_snapshot(harness: Harness) -> None:
    before, at = SOLD - timedelta(minutes=50), SOLD - timedelta(minutes=20)
    for instant in (before, at):
        await publish(harness, "good", instant)
        await publish(harness, "before", instant, role="previous")
    await publish(harness, "trial", before, role="shadow")
    tracks = {row["track"]: row for row in await scored(harness)}
    assert set(tracks) == {"champion", "previous"}, "the shadow valued another snapshot"
    assert tracks["previous"]["model_id"] == registry.model_id("before")
    snapshots = await harness.rows(
        "select distinct snapshot_id from generations where generation_id = any($1::bigint[])",
        [row["generation_id"] for row in tracks.values()],
    )
    assert [row["snapshot_id"] for row in snapshots] == [registry.sha(f"nowcast {at.isoformat()}")]


async def test_champion_previous_and_shadow_each_have_their_track(harness: Harness) -> None:
    at = SOLD - timedelta(minutes=20)
    for name, role in (("good", "champion"), ("before", "previous"), ("trial", "shadow"), ("also", "shadow")):
        await publish(harness, name, at, role=role)
    outcomes = [(row["track"], row["model_id"], row["horizon"]) for row in await scored(harness)]
    shadows = sorted(registry.model_id(name) for name in ("trial", "also"))
    assert outcomes == [
        ("champion", registry.model_id("good"), "latest"),
        ("previous", registry.model_id("before"), "latest"),
        *[("shadow", identity, "latest") for identity in shadows],
    ]


async def test_after_a_promotion_at_the_same_instant_the_new_champion_counts_and_the_old_one_stands_by(
    harness: Harness,
) -> None:
    at = SOLD - timedelta(minutes=20)
    await publish(harness, "old", at)
    await publish(harness, "new", at, role="shadow")
    await publish(harness, "new", at)
    await publish(harness, "old", at, role="previous")
    tracks = {row["track"]: row["model_id"] for row in await scored(harness)}
    assert tracks == {"champion": registry.model_id("new"), "previous": registry.model_id("old")}


async def test_the_message_counts_the_sales_that_got_a_published_value(harness: Harness) -> None:
    await publish(harness, "good", SOLD - TICK)
    await publish(harness, "before", SOLD - TICK, role="previous")
    await scored(harness)
    message = (await harness.emitted(MarketUpdated))[-1]
    assert message.sales_scored == small_market.sales().filter(pl.col("timestamp") >= SOLD).height


async def test_a_sale_that_comes_again_in_a_later_block_is_scored_as_of_when_it_was_first_known(
    harness: Harness,
) -> None:
    """What was published after that had seen the orphaned sale."""
    before = await publish(harness, "good", SOLD - timedelta(minutes=40))
    await publish(harness, "good", SOLD - timedelta(minutes=20))
    orphaned = {
        "block": SALE["block"] - 1,
        "tx_hash": SALE["tx_hash"],
        "event_time": SOLD - timedelta(minutes=32),
        "known_at": SOLD - timedelta(minutes=30),
        "superseded_at": SOLD - timedelta(minutes=30),
        "punk_id": SALE["punk_id"],
    }
    await harness.run(an_event, event_type="sale", sale_kind="buy", **orphaned)
    await scored(harness)
    scored_with = "select array_agg(generation_id) from outcomes join sales using (event_seq) where tx_hash = $1"
    assert await harness.value(scored_with, SALE["tx_hash"]) == [before]

"""Forward means forward: which published values a sale is scored against."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from services.ingestor.bootstrap import build
from shared.contracts.messages import IngestRequested, MarketUpdated
from shared.database.pool import Database
from tests.factories import registry, small_market
from tests.factories.harness import Harness
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
    assert (outcome["generation_id"], outcome["track"], outcome["horizon"]) == (last, "champion", "latest")
    price = int(SALE["price_wei"])
    assert (outcome["value_wei"], outcome["price_wei"], outcome["floor_wei"]) == (10, price, 40 * registry.ETH)
    assert outcome["log_error"] == pytest.approx(math.log(10 / price))
    assert [outcome[name] for name in ("in50", "in80", "in90")] == [False, False, False]
    assert outcome["scored_at"] == END


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
    found = {row["horizon"]: (row["generation_id"], row["model_id"]) for row in await scored(harness)}
    good, old = registry.model_id("good"), registry.model_id("old")
    assert found == {"latest": (latest, good), "24h": (day, good), "7d": (week, old)}


async def test_companions_are_scored_on_the_champions_snapshot(harness: Harness) -> None:
    before, at = SOLD - timedelta(minutes=50), SOLD - timedelta(minutes=20)
    for instant in (before, at):
        await publish(harness, "good", instant)
        await publish(harness, "armed", instant, role="previous")
    await publish(harness, "beside", before, role="shadow")
    champion, previous, early = await scored(harness), None, None
    tracks = {row["track"]: row for row in champion}
    assert set(tracks) == {"champion", "previous"}, "the shadow valued another snapshot"
    previous, early = tracks["previous"], tracks["champion"]
    snapshots = await harness.rows(
        "select distinct snapshot_id from generations where generation_id = any($1::bigint[])",
        [previous["generation_id"], early["generation_id"]],
    )
    assert [row["snapshot_id"] for row in snapshots] == [registry.sha(f"nowcast {at.isoformat()}")]
    assert previous["model_id"] == registry.model_id("armed")


async def test_champion_previous_and_shadow_each_have_their_track(harness: Harness) -> None:
    at = SOLD - timedelta(minutes=20)
    for name, role in (("good", "champion"), ("armed", "previous"), ("beside", "shadow"), ("also", "shadow")):
        await publish(harness, name, at, role=role)
    found = [(row["track"], row["model_id"], row["horizon"]) for row in await scored(harness)]
    shadows = sorted(registry.model_id(name) for name in ("beside", "also"))
    assert found == [
        ("champion", registry.model_id("good"), "latest"),
        ("previous", registry.model_id("armed"), "latest"),
        *[("shadow", identity, "latest") for identity in shadows],
    ]


async def test_after_a_promotion_at_the_same_instant_the_new_champion_counts_and_the_old_one_is_its_companion(
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
    await publish(harness, "armed", SOLD - TICK, role="previous")
    await scored(harness)
    told = (await harness.emitted(MarketUpdated))[-1]
    assert told.sales_scored == small_market.sales().filter(pl.col("timestamp") >= SOLD).height


async def test_a_sale_that_comes_again_in_a_later_block_is_scored_as_of_when_it_was_first_known(
    harness: Harness,
) -> None:
    """What was published after that had seen the orphaned sale."""
    before = await publish(harness, "good", SOLD - timedelta(minutes=40))
    await publish(harness, "good", SOLD - timedelta(minutes=20))
    await harness.execute(
        """insert into market_events (block, tx_index, log_index, tx_hash, event_time, known_at, superseded_at,
                                      punk_id, event_type, price_wei, sale_kind)
           values ($1, 0, 0, $2, $3, $4, $4, $5, 'sale', 1, 'buy')""",
        SALE["block"] - 1,
        SALE["tx_hash"],
        SOLD - timedelta(minutes=32),
        SOLD - timedelta(minutes=30),
        SALE["punk_id"],
    )
    await scored(harness)
    found = await harness.rows(
        "select generation_id from outcomes join sales using (event_seq) where tx_hash = $1", SALE["tx_hash"]
    )
    assert [row["generation_id"] for row in found] == [before]

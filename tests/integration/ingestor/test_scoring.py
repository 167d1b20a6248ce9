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
from tests.factories.small_market import END, Source
from tests.factories.stand import Stand

START = END - timedelta(days=10)
TICK = timedelta(microseconds=1)
SALE = small_market.sales().filter(pl.col("timestamp") > START + timedelta(days=8)).row(0, named=True)
SOLD: datetime = SALE["timestamp"]


@pytest.fixture
async def stand(database: Database, tmp_path: Path) -> Stand:
    stand = Stand.at(START, database, tmp_path)
    await stand.host(build(stand.platform, source=Source()))
    await stand.send(IngestRequested(slot=START))
    return stand


async def publish(stand: Stand, name: str, at: datetime, *, role: str = "champion") -> int:
    async with stand.database.transaction() as connection:
        if not await connection.fetchval("select 1 from models where model_id = $1", registry.model_id(name)):
            await registry.contender(connection, name, START)
        return await registry.generation(connection, name, at, role=role)


async def scored(stand: Stand) -> list[asyncpg.Record]:
    """Outcomes of the one sale, once everything has been ingested."""
    stand.clock.move_to(END)
    await stand.send(IngestRequested(slot=END))
    assert await stand.dead() == []
    return await stand.rows(
        "select * from outcomes where event_seq = $1 order by track, horizon, model_id", SALE["seq"]
    )


async def test_a_sale_is_scored_against_the_last_generation_published_before_it(stand: Stand) -> None:
    await publish(stand, "good", SOLD - timedelta(hours=2))
    last = await publish(stand, "good", SOLD - TICK)
    await publish(stand, "good", SOLD + TICK)
    (outcome,) = await scored(stand)
    assert (outcome["generation_id"], outcome["track"], outcome["horizon"]) == (last, "champion", "latest")
    price = int(SALE["price_wei"])
    assert (outcome["value_wei"], outcome["price_wei"], outcome["floor_wei"]) == (10, price, 40 * registry.ETH)
    assert outcome["log_error"] == pytest.approx(math.log(10 / price))
    assert [outcome[name] for name in ("in50", "in80", "in90")] == [False, False, False]
    assert outcome["scored_at"] == END


@pytest.mark.parametrize("after", [timedelta(0), TICK, timedelta(minutes=4)])
async def test_a_generation_of_the_very_instant_or_later_is_none_that_was_published_before(
    stand: Stand, after: timedelta
) -> None:
    await publish(stand, "good", SOLD + after)
    assert await scored(stand) == []


async def test_each_horizon_has_the_generation_that_was_out_so_long_before(stand: Stand) -> None:
    week = await publish(stand, "old", SOLD - timedelta(days=7) - TICK)
    await publish(stand, "good", SOLD - timedelta(days=7))
    day = await publish(stand, "good", SOLD - timedelta(hours=24) - TICK)
    await publish(stand, "good", SOLD - timedelta(hours=24))
    latest = await publish(stand, "good", SOLD - timedelta(minutes=20))
    found = {row["horizon"]: (row["generation_id"], row["model_id"]) for row in await scored(stand)}
    good, old = registry.model_id("good"), registry.model_id("old")
    assert found == {"latest": (latest, good), "24h": (day, good), "7d": (week, old)}


async def test_companions_are_scored_on_the_champions_snapshot(stand: Stand) -> None:
    before, at = SOLD - timedelta(minutes=50), SOLD - timedelta(minutes=20)
    for instant in (before, at):
        await publish(stand, "good", instant)
        await publish(stand, "armed", instant, role="previous")
    await publish(stand, "beside", before, role="shadow")
    champion, previous, early = await scored(stand), None, None
    tracks = {row["track"]: row for row in champion}
    assert set(tracks) == {"champion", "previous"}, "the shadow valued another snapshot"
    previous, early = tracks["previous"], tracks["champion"]
    snapshots = await stand.rows(
        "select distinct snapshot_id from generations where generation_id = any($1::bigint[])",
        [previous["generation_id"], early["generation_id"]],
    )
    assert [row["snapshot_id"] for row in snapshots] == [registry.sha(f"nowcast {at.isoformat()}")]
    assert previous["model_id"] == registry.model_id("armed")


async def test_champion_previous_and_shadow_each_have_their_track(stand: Stand) -> None:
    at = SOLD - timedelta(minutes=20)
    for name, role in (("good", "champion"), ("armed", "previous"), ("beside", "shadow"), ("also", "shadow")):
        await publish(stand, name, at, role=role)
    found = [(row["track"], row["model_id"], row["horizon"]) for row in await scored(stand)]
    shadows = sorted(registry.model_id(name) for name in ("beside", "also"))
    assert found == [
        ("champion", registry.model_id("good"), "latest"),
        ("previous", registry.model_id("armed"), "latest"),
        *[("shadow", identity, "latest") for identity in shadows],
    ]


async def test_after_a_promotion_at_the_same_instant_the_new_champion_counts_and_the_old_one_is_its_companion(
    stand: Stand,
) -> None:
    at = SOLD - timedelta(minutes=20)
    await publish(stand, "old", at)
    await publish(stand, "new", at, role="shadow")
    await publish(stand, "new", at)
    await publish(stand, "old", at, role="previous")
    tracks = {row["track"]: row["model_id"] for row in await scored(stand)}
    assert tracks == {"champion": registry.model_id("new"), "previous": registry.model_id("old")}


async def test_the_message_counts_the_sales_that_got_a_published_value(stand: Stand) -> None:
    await publish(stand, "good", SOLD - TICK)
    await publish(stand, "armed", SOLD - TICK, role="previous")
    await scored(stand)
    told = (await stand.told(MarketUpdated))[-1]
    assert isinstance(told, MarketUpdated)
    assert told.sales_scored == small_market.sales().filter(pl.col("timestamp") >= SOLD).height


async def test_a_sale_that_comes_again_in_a_later_block_is_scored_as_of_when_it_was_first_known(stand: Stand) -> None:
    """What was published after that had seen the orphaned sale."""
    before = await publish(stand, "good", SOLD - timedelta(minutes=40))
    await publish(stand, "good", SOLD - timedelta(minutes=20))
    async with stand.database.transaction() as connection:
        await connection.execute(
            """insert into market_events (block, tx_index, log_index, tx_hash, event_time, known_at, superseded_at,
                                          punk_id, event_type, price_wei, sale_kind)
               values ($1, 0, 0, $2, $3, $4, $4, $5, 'sale', 1, 'buy')""",
            SALE["block"] - 1,
            SALE["tx_hash"],
            SOLD - timedelta(minutes=32),
            SOLD - timedelta(minutes=30),
            SALE["punk_id"],
        )
    await scored(stand)
    found = await stand.rows(
        "select generation_id from outcomes join sales using (event_seq) where tx_hash = $1", SALE["tx_hash"]
    )
    assert [row["generation_id"] for row in found] == [before]

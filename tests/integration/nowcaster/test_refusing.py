"""What must not be published is not: the last good generation stays, and companions fall alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from services.nowcaster.bootstrap import build
from shared.contracts.messages import NowcastPublished
from shared.registry.models import ModelRecord
from tests.factories import market, small_market
from tests.factories.small_market import Source
from tests.factories.stand import Stand
from tests.integration.nowcaster.conftest import START, ingest, shown, shown_at, tick


async def rewrite_last_values(stand: Stand, model_id: str, factor: np.ndarray) -> None:
    """A later generation of the model (not shown) whose values are the last ones times `factor`."""
    async with stand.database.transaction() as connection:
        identity = await connection.fetchval(
            """insert into generations (role, model_id, snapshot_id, as_of, published_at, row_count, floor_wei,
                                        last_block, values_sha256, merkle_root)
               select 'shadow', model_id, snapshot_id, as_of, published_at, row_count, floor_wei, last_block, 'v', 'm'
               from generations where model_id = $1 returning generation_id""",
            model_id,
        )
        await connection.execute(
            """insert into nowcasts
               select $1, punk_id, v, 0, v * 1000, 0, v * 1000, 0, v * 1000, confidence
               from nowcasts n join generations using (generation_id),
                    lateral (select round(value_wei::float8 * ($3::float8[])[punk_id + 1])::numeric as v) s
               where model_id = $2 and generation_id <> $1""",
            identity,
            model_id,
            factor.tolist(),
        )


async def test_values_that_are_no_numbers_are_refused_and_the_old_generation_stays(stand: Stand, champion: str) -> None:
    """A market without a single ask has no floor, so no punk has a value."""
    await tick(stand)
    before = await shown(stand)
    known = small_market.EVENTS.drop("seq").filter(pl.col("timestamp") < START)
    book = market.timeline(known.with_row_index("seq", 1).cast({"seq": pl.Int64})).asks_now
    asked = [punk for punk in range(120) if book.ask(punk) is not None]
    delisted = [
        {"event_type": "delisted", "punk_id": punk, "timestamp": START + timedelta(minutes=1)} for punk in asked
    ]
    stand.clock.move_to(START + timedelta(minutes=5))
    await ingest(stand, Source(small_market.later(*delisted, after=known)))
    await tick(stand, minutes=25)
    assert await shown(stand) == before
    (dead,) = await stand.dead()
    assert "a value or bound is not a finite number" in dead.reason
    assert await stand.value("select count(*) from generations") == 1
    assert len(await stand.told(NowcastPublished)) == 1


async def test_values_that_jump_against_the_models_last_ones_are_refused(stand: Stand, champion: str) -> None:
    await tick(stand)
    before = await shown(stand)
    await rewrite_last_values(stand, champion, np.where(np.arange(10_000) % 2, 1.6, 0.6))
    again = stand.another()
    await again.host(build(again.platform))
    await tick(again, minutes=30)
    assert await shown(stand) == before
    (dead,) = await again.dead()
    assert "values moved by" in dead.reason
    assert champion in dead.reason


async def test_a_move_of_the_whole_market_is_published(stand: Stand, champion: str) -> None:
    await tick(stand)
    await rewrite_last_values(stand, champion, np.full(10_000, 1.6))
    again = stand.another()
    await again.host(build(again.platform))
    at = await tick(again, minutes=30)
    assert await shown_at(stand) == at


def file_of(stand: Stand, record: ModelRecord) -> Path:
    return stand.store.root / record.artifact_key


async def test_a_damaged_model_file_is_refused_until_it_is_restored(stand: Stand) -> None:
    record = await stand.promote(small_market.model())
    path = file_of(stand, record)
    body = path.read_bytes()
    path.write_bytes(body[:-2] + b"0}")
    await tick(stand)
    assert await shown(stand) is None
    (dead,) = await stand.dead()
    assert "SHA-256" in dead.reason
    path.write_bytes(body)
    at = await tick(stand, minutes=30)
    assert await shown_at(stand) == at


@pytest.mark.parametrize(
    ("role", "trouble"), [("previous", "missing"), ("previous", "damaged"), ("shadow", "damaged"), ("shadow", "away")]
)
async def test_a_companion_that_fails_does_not_stop_the_champion(stand: Stand, role: str, trouble: str) -> None:
    champion = companion = await stand.promote(small_market.model())
    if role == "previous":
        champion = await stand.promote(small_market.model(8))
    else:
        companion = await stand.shadow(small_market.model(8))
    path = file_of(stand, companion)
    if trouble == "missing":
        path.unlink()
    elif trouble == "damaged":
        path.write_bytes(b"{}")
    else:
        path.unlink()
        path.mkdir()
    at = await tick(stand)
    here = await shown(stand)
    assert here is not None
    assert here[1:] == (champion.model_id, at)
    assert await stand.value("select array_agg(role) from generations") == ["champion"]
    assert await stand.dead() == []


async def failures(stand: Stand) -> list[tuple[str, str, bool, list[str]]]:
    rows = await stand.rows("select model_id, role, refused, valued_by from nowcast_failures order by as_of, role")
    return [tuple(row) for row in rows]  # type: ignore[misc]


async def test_a_refused_champion_is_put_on_record_with_those_who_could_value_the_same_snapshot(stand: Stand) -> None:
    good = await stand.promote(small_market.model())
    await tick(stand)
    bad = await stand.promote(small_market.model(8))
    path = file_of(stand, bad)
    path.write_bytes(b"{}")
    await tick(stand, minutes=30)
    assert await failures(stand) == [(bad.model_id, "champion", True, [good.model_id])]
    assert await stand.value("select count(*) from generations") == 1, "a cycle without its champion publishes nothing"
    (dead,) = await stand.dead()
    assert "SHA-256" in dead.reason


async def test_a_companion_that_fails_is_put_on_record_beside_the_published_champion(stand: Stand) -> None:
    old = await stand.promote(small_market.model())
    new = await stand.promote(small_market.model(8))
    file_of(stand, old).write_bytes(b"{}")
    await tick(stand)
    assert await failures(stand) == [(old.model_id, "previous", True, [new.model_id])]


async def test_a_store_that_is_away_is_nobodys_fault(stand: Stand) -> None:
    await stand.promote(small_market.model())
    await tick(stand)
    await stand.promote(small_market.model(8))
    stand.store.away = -1
    await tick(stand, minutes=30)
    assert await failures(stand) == []
    assert await stand.dead() == [], "it is tried again"


async def test_values_are_not_held_against_those_of_before_a_long_outage(stand: Stand, champion: str) -> None:
    await tick(stand)
    await rewrite_last_values(stand, champion, np.where(np.arange(10_000) % 2, 1.6, 0.6))
    async with stand.database.transaction() as connection:
        await connection.execute("alter table generations disable trigger append_only")
        await connection.execute("update generations set as_of = as_of - interval '3 days' where role = 'shadow'")
    again = stand.another()
    await again.host(build(again.platform))
    at = await tick(again, minutes=30)
    assert await shown_at(stand) == at

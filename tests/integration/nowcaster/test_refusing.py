"""What must not be published is not: the last good generation stays, and a standby model falls alone."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from services.nowcaster.bootstrap import build
from services.nowcaster.models import LoadedModels
from shared.contracts.messages import NowcastPublished
from shared.errors import IntegrityError
from shared.registry.models import ModelRecord
from shared.valuation.model import ValuationModel
from tests.factories import market, small_market
from tests.factories.harness import Harness
from tests.factories.small_market import Source
from tests.integration.nowcaster.conftest import START, ingest, shown, tick, with_standby

JUMP = np.where(np.arange(10_000) % 2, 1.6, 0.6)


async def rewrite_last_values(harness: Harness, model_id: str, factor: np.ndarray) -> None:
    """A later generation of the model (not shown) whose values are the last ones times `factor`."""
    identity = await harness.value(
        """insert into generations (role, model_id, snapshot_id, as_of, published_at, row_count, floor_wei,
                                    last_block, values_sha256, merkle_root)
           select 'shadow', model_id, snapshot_id, as_of, published_at, row_count, floor_wei, last_block, 'v', 'm'
           from generations where model_id = $1 returning generation_id""",
        model_id,
    )
    await harness.execute(
        """insert into nowcasts
           select $1, punk_id, v, 0, v * 1000, 0, v * 1000, 0, v * 1000, confidence
           from nowcasts n join generations using (generation_id),
                lateral (select round(value_wei::float8 * ($3::float8[])[punk_id + 1])::numeric as v) s
           where model_id = $2 and generation_id <> $1""",
        identity,
        model_id,
        factor.tolist(),
    )


async def test_values_that_are_no_numbers_are_refused_and_the_old_generation_stays(
    harness: Harness, champion: str
) -> None:
    """A market without a single ask has no floor, so no punk has a value."""
    await tick(harness)
    before = await shown(harness)
    known = small_market.EVENTS.drop("seq").filter(pl.col("timestamp") < START)
    book = market.timeline(known.with_row_index("seq", 1).cast({"seq": pl.Int64})).asks_now
    asked = [punk for punk in range(120) if book.ask(punk) is not None]
    delisted = [
        {"event_type": "delisted", "punk_id": punk, "timestamp": START + timedelta(minutes=1)} for punk in asked
    ]
    harness.clock.move_to(START + timedelta(minutes=5))
    await ingest(harness, Source(small_market.later(*delisted, after=known)))
    await tick(harness, minutes=25)
    assert await shown(harness) == before
    (dead,) = await harness.dead()
    assert "a value or bound is not a finite number" in dead.reason
    assert await harness.value("select count(*) from generations") == 1
    assert len(await harness.emitted(NowcastPublished)) == 1


async def test_values_that_jump_against_the_models_last_ones_are_refused(harness: Harness, champion: str) -> None:
    await tick(harness)
    before = await shown(harness)
    await rewrite_last_values(harness, champion, JUMP)
    again = await harness.another(build)
    await tick(again, minutes=30)
    assert await shown(harness) == before
    (dead,) = await again.dead()
    assert "values moved by" in dead.reason
    assert champion in dead.reason


@pytest.mark.parametrize(
    ("factor", "days"),
    [(np.full(10_000, 1.6), 0), (JUMP, 3)],
    ids=["the whole market moved", "the last values are from before a long outage"],
)
async def test_values_that_moved_for_a_reason_are_published(
    harness: Harness, champion: str, factor: np.ndarray, days: int
) -> None:
    await tick(harness)
    await rewrite_last_values(harness, champion, factor)
    await harness.execute("alter table generations disable trigger append_only")
    await harness.execute("update generations set as_of = as_of - $1 * interval '1 day' where role = 'shadow'", days)
    at = await tick(await harness.another(build), minutes=30)
    assert (await shown(harness)).as_of == at


def file_of(harness: Harness, record: ModelRecord) -> Path:
    return harness.store.root / record.artifact_key


async def test_a_damaged_model_file_is_refused_until_it_is_restored(harness: Harness) -> None:
    record = await harness.promote(small_market.model())
    path = file_of(harness, record)
    body = path.read_bytes()
    path.write_bytes(body[:-2] + b"0}")
    await tick(harness)
    assert await shown(harness) is None
    (dead,) = await harness.dead()
    assert "SHA-256" in dead.reason
    path.write_bytes(body)
    at = await tick(harness, minutes=30)
    assert (await shown(harness)).as_of == at


@pytest.mark.parametrize(
    ("role", "trouble"), [("previous", "missing"), ("previous", "damaged"), ("shadow", "damaged"), ("shadow", "away")]
)
async def test_a_standby_model_that_fails_does_not_stop_the_champion(harness: Harness, role: str, trouble: str) -> None:
    champion, standby = await with_standby(harness, role)
    path = file_of(harness, standby)
    if trouble == "missing":
        path.unlink()
    elif trouble == "damaged":
        path.write_bytes(b"{}")
    else:
        path.unlink()
        path.mkdir()
    at = await tick(harness)
    assert (await shown(harness))[1:] == (champion.model_id, at)
    assert await harness.value("select array_agg(role) from generations") == ["champion"]
    assert await harness.dead() == []


async def test_a_standby_models_error_with_a_nul_character_does_not_stop_the_champion(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, standby = await with_standby(harness, "shadow")
    load = LoadedModels.load

    async def load_or_fail(models: LoadedModels, record: ModelRecord) -> ValuationModel:
        if record.model_id == standby.model_id:
            raise IntegrityError("feature 'age\x00' is unknown" + "!" * 3000)
        return await load(models, record)

    monkeypatch.setattr(LoadedModels, "load", load_or_fail)
    at = await tick(harness)
    assert (await shown(harness))[1:] == (champion.model_id, at)
    reason = await harness.value("select reason from nowcast_failures")
    assert reason.startswith("feature 'age' is unknown") and len(reason) == 2000


async def failures(harness: Harness) -> list[tuple[str, str, bool, list[str]]]:
    rows = await harness.rows("select model_id, role, refused, valued_by from nowcast_failures order by as_of, role")
    return [tuple(row) for row in rows]  # type: ignore[misc]


async def test_a_refused_champion_is_put_on_record_with_those_who_could_value_the_same_snapshot(
    harness: Harness,
) -> None:
    good = await harness.promote(small_market.model())
    await tick(harness)
    bad = await harness.promote(small_market.model(8))
    path = file_of(harness, bad)
    path.write_bytes(b"{}")
    await tick(harness, minutes=30)
    assert await failures(harness) == [(bad.model_id, "champion", True, [good.model_id])]
    assert await harness.value("select count(*) from generations") == 1, (
        "a cycle without its champion publishes nothing"
    )
    (dead,) = await harness.dead()
    assert "SHA-256" in dead.reason


async def test_a_standby_model_that_fails_is_put_on_record_beside_the_published_champion(harness: Harness) -> None:
    old = await harness.promote(small_market.model())
    new = await harness.promote(small_market.model(8))
    file_of(harness, old).write_bytes(b"{}")
    await tick(harness)
    assert await failures(harness) == [(old.model_id, "previous", True, [new.model_id])]


async def test_a_store_that_is_away_is_nobodys_fault(harness: Harness) -> None:
    await harness.promote(small_market.model())
    await tick(harness)
    await harness.promote(small_market.model(8))
    harness.store.away = -1
    await tick(harness, minutes=30)
    assert await failures(harness) == []
    assert await harness.dead() == [], "it is tried again"

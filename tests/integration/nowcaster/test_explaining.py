"""Reasons follow a publication; whoever dies or is overtaken leaves nothing half."""

import asyncio
from collections.abc import Sequence

import asyncpg
import numpy as np
import pytest

from services.nowcaster.bootstrap import build_explainer
from services.nowcaster.explainer import Explainer
from shared.database.pool import Connection
from shared.market.daily import MarketDay
from shared.registry import explanations
from shared.valuation.explanation.stored import Explained
from tests.factories.harness import Harness
from tests.factories.waiting import eventually
from tests.integration.nowcaster.conftest import tick

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture
def explainer(harness: Harness) -> Explainer:
    return build_explainer(harness.platform)


async def stored(harness: Harness) -> dict[int, Explained]:
    rows = await harness.rows("select generation_id, body from explanations order by generation_id")
    return {row["generation_id"]: Explained.from_bytes(row["body"]) for row in rows}


async def test_without_a_publication_there_is_nothing_to_explain(harness: Harness, explainer: Explainer) -> None:
    assert not await explainer.catch_up()
    assert await stored(harness) == {}


async def test_reasons_add_up_to_what_was_published_and_tell_what_changed(
    harness: Harness, champion: str, explainer: Explainer
) -> None:
    await tick(harness)
    assert await stored(harness) == {}, "publishing does not wait"
    assert await explainer.catch_up()
    assert not await explainer.catch_up(), "once is enough"
    await tick(harness, minutes=30)
    assert await explainer.catch_up()
    first, second = (await stored(harness)).values()
    assert first.model_id == champion
    assert first.before is None
    rows = await harness.rows(
        "select value_wei::float8 / 1e18 as eth from nowcasts"
        " where generation_id = (select generation_id from nowcast_pointer) order by punk_id"
    )
    values = np.array([row["eth"] for row in rows])
    total = np.add.reduceat(second.log.astype(np.float64), second.starts[:-1])
    assert np.log(values / second.floor_eth) == pytest.approx(total, abs=1e-4)
    assert second.before is not None
    assert len(second.before_moved) == len(second.log)
    days = await harness.rows("select * from market_days")
    assert len(days) > 50
    assert all(row["index_eth"] for row in days[-10:])


async def test_a_process_that_has_just_started_reads_what_it_compares_with(
    harness: Harness, explainer: Explainer
) -> None:
    await tick(harness)
    await explainer.catch_up()
    await tick(harness, minutes=30)
    await build_explainer(harness.platform).catch_up()
    *_, last = (await stored(harness)).values()
    assert last.before is not None
    assert len(last.before_moved) == len(last.log)


async def test_of_two_nowcasters_one_explains_and_the_other_looks_again_later(
    harness: Harness, explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tick(harness)
    other, at_work, may_end = build_explainer(harness.platform), asyncio.Event(), asyncio.Event()
    write_days = explanations.write_days

    async def slow(connection: Connection, days: Sequence[MarketDay]) -> None:
        at_work.set()
        await may_end.wait()
        await write_days(connection, days)

    monkeypatch.setattr(explanations, "write_days", slow)
    first = asyncio.create_task(explainer.catch_up())
    await at_work.wait()
    assert not await other.catch_up(), "it is being worked out"
    may_end.set()
    assert await first
    assert not await other.catch_up(), "it is there"
    assert len(await stored(harness)) == 1


async def test_a_claim_between_the_look_and_the_end_of_the_work_finds_it_done(harness: Harness) -> None:
    await tick(harness)
    async with harness.database.connection() as one, harness.database.connection() as other:
        shown = await explanations.unexplained(one)
        assert await explanations.claim(one, shown.generation_id)
        assert not await explanations.claim(other, shown.generation_id)
        assert await explanations.claim(other, shown.generation_id + 1), "another generation is another claim"
        await explanations.write(one, shown.generation_id, b"x", at=harness.clock.now())
    assert not await harness.run(explanations.claim, shown.generation_id)


async def test_a_process_that_dies_leaves_its_work_to_others(
    harness: Harness, explainer: Explainer, fresh_database_url: str
) -> None:
    await tick(harness)
    (generation,) = await harness.rows("select generation_id from nowcast_pointer")
    dying = await asyncpg.connect(fresh_database_url)
    assert await explanations.claim(dying, generation["generation_id"])
    assert not await explainer.catch_up()
    dying.terminate()  # without a goodbye
    await eventually(explainer.catch_up)
    assert len(await stored(harness)) == 1


async def test_the_work_on_an_overtaken_generation_ends(
    harness: Harness, explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tick(harness)
    asked = explanations.unexplained
    calls = 0

    async def overtaking(connection: object) -> explanations.Published | None:
        nonlocal calls
        calls += 1
        if calls == 2:  # after the first batch
            await tick(harness, minutes=30)
        return await asked(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(explanations, "unexplained", overtaking)
    assert not await explainer.catch_up()
    assert await stored(harness) == {}
    assert await explainer.catch_up()
    assert len(await stored(harness)) == 1


async def test_only_the_newest_are_kept(harness: Harness, explainer: Explainer) -> None:
    async with harness.database.connection() as connection:
        for _ in range(explanations.KEPT + 2):
            await tick(harness, minutes=30)
            shown = await explanations.unexplained(connection)
            await explanations.write(connection, shown.generation_id, b"x", at=harness.clock.now())
        kept = [row["generation_id"] for row in await connection.fetch("select generation_id from explanations")]
    assert len(kept) == explanations.KEPT
    assert max(kept) == shown.generation_id


async def test_an_instant_that_looks_different_now_is_left_unexplained(harness: Harness, explainer: Explainer) -> None:
    await tick(harness)
    last = await harness.value("select max(date) from eth_usd_daily where date < $1", harness.clock.now().date())
    await harness.execute("update eth_usd_daily set close = close * 3 where date = $1", last)
    assert not await explainer.catch_up()
    assert await stored(harness) == {}

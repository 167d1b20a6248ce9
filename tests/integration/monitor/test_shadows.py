"""Shadows against the champion, and what the monitor tells the gatekeeper."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from shared.contracts.messages import ShadowMatured
from shared.registry import freezes, shadows
from tests.factories import registry as made
from tests.integration.monitor.conftest import START, Bench


@pytest.fixture
async def shadowed(bench: Bench) -> Bench:
    """`good` is the champion, confirmed long ago; `new` runs in the shadow since START."""
    async with bench.database.transaction() as connection:
        first = await made.promote(connection, "good", START - timedelta(days=60))
        await connection.execute("update promotions set state = 'confirmed' where promotion_id = $1", first.decision_id)
        await made.start_shadow(connection, "new", START)
        generation = await made.generation(connection, "good", START)
    bench.sales = made.Sales(connection, generation, START)
    return bench


async def sell(bench: Bench, count: int, *, worse_by: float, noise: float = 0.01, seed: int = 1) -> None:
    generator = np.random.default_rng(seed)
    assert bench.sales is not None
    async with bench.database.transaction() as connection:
        bench.sales.connection = connection
        for _ in range(count):
            error = abs(float(generator.normal(0, 0.05))) + 0.05
            difference = worse_by + float(np.clip(generator.normal(0, noise), -0.03, 0.03))
            await bench.sales.add({"good": error, "new": error + difference})
    bench.clock.move_to(bench.sales.at + timedelta(minutes=1))


async def matured(bench: Bench) -> list[ShadowMatured]:
    return [one for one in await bench.told(ShadowMatured) if isinstance(one, ShadowMatured)]


async def test_an_equal_shadow_is_found_not_worse_than_the_margin(shadowed: Bench) -> None:
    await sell(shadowed, 190, worse_by=0.0)
    await shadowed.look()
    (told,) = await matured(shadowed)
    assert told.outcome == "not_worse"
    assert told.e_value >= 20
    assert told.sales < 190
    assert (told.model_id, told.champion_id) == (made.model_id("new"), made.model_id("good"))


async def test_a_worse_shadow_is_found_worse(shadowed: Bench) -> None:
    await sell(shadowed, 150, worse_by=0.03)
    await shadowed.look()
    assert [one.outcome for one in await matured(shadowed)] == ["worse"]


async def test_an_undecided_shadow_expires_after_its_sales(shadowed: Bench) -> None:
    await sell(shadowed, 199, worse_by=0.005, noise=0.03)
    await shadowed.look()
    assert await matured(shadowed) == []
    await sell(shadowed, 1, worse_by=0.005)
    await shadowed.look()
    assert [(one.outcome, one.sales) for one in await matured(shadowed)] == [("expired", 200)]


async def test_a_shadow_without_sales_expires_after_thirty_days(shadowed: Bench) -> None:
    shadowed.clock.move_to(START + timedelta(days=29))
    await shadowed.look()
    assert await matured(shadowed) == []
    shadowed.clock.move_to(START + timedelta(days=30))
    await shadowed.look()
    assert [(one.outcome, one.sales) for one in await matured(shadowed)] == [("expired", 0)]


async def test_a_finished_shadow_waits_out_a_freeze_with_its_test_untouched(shadowed: Bench) -> None:
    freeze_id = made.decision("good", START, generation=1).decision_id
    async with shadowed.database.transaction() as connection:
        await freezes.freeze(connection, freeze_id, actor="me", reason="holiday", at=START)
    await sell(shadowed, 190, worse_by=0.0)
    await shadowed.look()
    counted = await shadowed.value("select n from monitor_tests")
    await sell(shadowed, 5, worse_by=0.03)
    await shadowed.look()
    assert await matured(shadowed) == []
    assert await shadowed.value("select n from monitor_tests") == counted
    async with shadowed.database.transaction() as connection:
        await freezes.lift(connection, freeze_id, actor="me", at=shadowed.clock.now())
    shadowed.clock.move_to(shadowed.clock.now() + timedelta(hours=1))
    await shadowed.look()
    assert [one.outcome for one in await matured(shadowed)] == ["not_worse"]


async def test_a_shadow_starts_a_new_test_when_the_champion_changes(shadowed: Bench) -> None:
    await sell(shadowed, 30, worse_by=0.0)
    await shadowed.look()
    at = shadowed.clock.now()
    async with shadowed.database.transaction() as connection:
        await made.promote(connection, "other", at)
        assert await shadows.restart(connection, champion_id=made.model_id("other"), at=at) == [made.model_id("new")]
        assert await shadows.restart(connection, champion_id=made.model_id("other"), at=at) == []
        (shadow,) = await shadows.running(connection)
    assert (shadow.champion_id, shadow.started_at, shadow.first_started_at) == (made.model_id("other"), at, START)
    shadowed.clock.move_to(at + timedelta(minutes=5))
    await shadowed.look()
    assert await shadowed.value("select count(*) from monitor_tests where test_id = $1", shadow.test_id) == 0

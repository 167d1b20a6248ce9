"""Shadows against the champion, and what the monitor tells the gatekeeper."""

from datetime import timedelta

import numpy as np
import pytest

from shared.contracts.messages import ShadowMatured
from shared.registry import freezes, shadows
from tests.factories import registry as made
from tests.integration.monitor.conftest import START, Bench

CONFIRM_SQL = "update promotions set state = 'confirmed' where model_id = $1"


@pytest.fixture(params=[True])
async def shadowed(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """`good` is the champion, confirmed or (param False) on probation; `new` runs in the shadow since START."""
    async with bench.database.transaction() as connection:
        await made.promote(connection, "elder", START - timedelta(days=3))
        await made.promote(connection, "good", START - timedelta(days=1))
        if request.param:
            await connection.execute(CONFIRM_SQL, made.model_id("good"))
        await made.start_shadow(connection, "new", START)
        generation = await made.generation(connection, "good", START)
    bench.sales = made.Sales(generation, START)
    return bench


async def sell(bench: Bench, count: int, *, worse_by: float, noise: float = 0.01, seed: int = 1) -> None:
    generator = np.random.default_rng(seed)
    async with bench.database.transaction() as connection:
        for _ in range(count):
            error = abs(float(generator.normal(0, 0.05))) + 0.05
            difference = worse_by + float(np.clip(generator.normal(0, noise), -0.03, 0.03))
            await bench.sales.add(connection, {"good": error, "new": error + difference})
    bench.clock.move_to(bench.sales.at + timedelta(minutes=1))


async def test_an_equal_shadow_is_found_not_worse_than_the_margin(shadowed: Bench) -> None:
    await sell(shadowed, 190, worse_by=0.0)
    await shadowed.look()
    (message,) = await shadowed.emitted(ShadowMatured)
    assert message.outcome == "not_worse"
    assert message.e_value >= 20
    assert message.sales < 190
    assert (message.model_id, message.champion_id) == (made.model_id("new"), made.model_id("good"))


async def test_a_worse_shadow_is_found_worse(shadowed: Bench) -> None:
    await sell(shadowed, 150, worse_by=0.03)
    await shadowed.look()
    assert [one.outcome for one in await shadowed.emitted(ShadowMatured)] == ["worse"]


async def test_an_undecided_shadow_expires_after_its_sales(shadowed: Bench) -> None:
    await sell(shadowed, 199, worse_by=0.005, noise=0.03)
    await shadowed.look()
    assert await shadowed.emitted(ShadowMatured) == []
    await sell(shadowed, 1, worse_by=0.005)
    await shadowed.look()
    assert [(one.outcome, one.sales) for one in await shadowed.emitted(ShadowMatured)] == [("expired", 200)]


async def test_a_shadow_without_sales_expires_after_thirty_days(shadowed: Bench) -> None:
    await shadowed.look(hours=29 * 24)
    assert await shadowed.emitted(ShadowMatured) == []
    await shadowed.look(hours=30 * 24)
    assert [(one.outcome, one.sales) for one in await shadowed.emitted(ShadowMatured)] == [("expired", 0)]


async def test_a_finished_shadow_waits_out_a_freeze_with_its_test_untouched(shadowed: Bench) -> None:
    freeze_id = made.decision("good", START, generation=1).decision_id
    await shadowed.run(freezes.freeze, freeze_id, actor="me", reason="holiday", at=START)
    await sell(shadowed, 190, worse_by=0.0)
    await shadowed.look()
    counted = await shadowed.value("select n from monitor_tests")
    await sell(shadowed, 5, worse_by=0.03)
    await shadowed.look()
    assert await shadowed.emitted(ShadowMatured) == []
    assert await shadowed.value("select n from monitor_tests") == counted
    await shadowed.run(freezes.lift, freeze_id, actor="me", at=shadowed.clock.now())
    await shadowed.look(minutes=60)
    assert [one.outcome for one in await shadowed.emitted(ShadowMatured)] == ["not_worse"]


@pytest.mark.parametrize("shadowed", [False], indirect=True)
async def test_a_finished_shadow_waits_until_the_champion_is_confirmed(shadowed: Bench) -> None:
    await sell(shadowed, 190, worse_by=0.0)
    await shadowed.look()
    assert await shadowed.emitted(ShadowMatured) == []
    async with shadowed.database.transaction() as connection:
        await connection.execute(CONFIRM_SQL, made.model_id("good"))
    await shadowed.look(minutes=60)
    assert [one.outcome for one in await shadowed.emitted(ShadowMatured)] == ["not_worse"]


async def test_a_shadow_starts_a_new_test_when_the_champion_changes(shadowed: Bench) -> None:
    await sell(shadowed, 30, worse_by=0.0)
    await shadowed.look()
    at = shadowed.clock.now()
    await shadowed.run(made.promote, "other", at)
    assert await shadowed.run(shadows.restart, champion_id=made.model_id("other"), at=at) == []
    (shadow,) = await shadowed.run(shadows.running)
    assert (shadow.champion_id, shadow.started_at, shadow.first_started_at) == (made.model_id("other"), at, START)
    await shadowed.look(minutes=5)
    assert await shadowed.value("select count(*) from monitor_tests where test_id = $1", shadow.test_id) == 0

"""What the monitor decided can be made again from its record."""

from datetime import timedelta

import numpy as np

from shared.registry import audit
from shared.registry.audit import Finding
from shared.stores import chain_repository
from tests.factories import registry as made
from tests.integration.monitor.conftest import START, Bench
from tests.integration.monitor.test_watching import publish, sell, sell_until_rollback


async def finding(bench: Bench, kind: str) -> Finding:
    (identity,) = await bench.rows("select decision_id from decisions where kind = $1", kind)
    return await bench.run(audit.verify, identity["decision_id"])


async def test_a_rollback_by_proof_comes_out_the_same(promoted: Bench) -> None:
    await sell_until_rollback(promoted, "new", "good")
    assert (await finding(promoted, "rollback")).problems == ()


async def test_a_rollback_after_a_reorganisation_names_the_restarted_test(promoted: Bench) -> None:
    await sell(promoted, 4)
    await promoted.look()
    last = int(await promoted.value("select max(block) from market_events"))
    assert await promoted.run(chain_repository.supersede, last - 1, at=promoted.clock.now()) is not None
    await sell_until_rollback(promoted, "new", "good")
    rollback = await finding(promoted, "rollback")
    assert rollback.problems == ()
    assert rollback.decision.evidence["test"].endswith("@1")


async def test_a_rollback_by_a_hard_trip_comes_out_the_same(promoted: Bench) -> None:
    await sell(promoted, 3)
    await promoted.execute("delete from nowcasts where punk_id = 7")
    await promoted.look()
    rollback = await finding(promoted, "rollback")
    assert rollback.problems == ()
    assert "are missing" in rollback.decision.reason


async def test_a_confirmation_comes_out_the_same(promoted: Bench) -> None:
    generator = np.random.default_rng(6)
    for _ in range(12):
        error = float(generator.normal(0, 0.08))
        await promoted.sell({"new": error, "good": error})
    promoted.clock.move_to(START + timedelta(days=46))
    await publish(promoted, "new")
    await promoted.look()
    assert (await finding(promoted, "confirm")).problems == ()


async def test_a_forged_step_is_found_out(promoted: Bench) -> None:
    await sell_until_rollback(promoted, "new", "good")
    await promoted.run(made.tamper, "update monitor_steps set difference = -difference where step_no = 1")
    assert "do not lead to the state" in "; ".join((await finding(promoted, "rollback")).problems)

"""What the monitor decided can be made again from its record."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from shared.registry import audit
from shared.registry.audit import Finding
from shared.stores import chain_repository
from tests.integration.monitor.conftest import START, Bench
from tests.integration.monitor.test_watching import publish, sell_until_rollback


async def finding(bench: Bench, kind: str) -> Finding:
    async with bench.database.connection() as connection:
        found = [await audit.verify(connection, one) for one in await audit.identities(connection)]
    (wanted,) = [one for one in found if one.decision.kind == kind]
    return wanted


async def test_a_rollback_by_proof_comes_out_the_same(promoted: Bench) -> None:
    await sell_until_rollback(promoted, "new", "good")
    assert (await finding(promoted, "rollback")).problems == ()


async def test_a_rollback_after_a_reorganisation_names_the_restarted_test(promoted: Bench) -> None:
    for number in range(4):
        await promoted.sell({"new": 0.02 * number, "good": 0.03})
    await promoted.look()
    last = int(await promoted.value("select max(block) from market_events"))
    assert await promoted.run(chain_repository.supersede, last - 1, at=promoted.clock.now()) is not None
    await sell_until_rollback(promoted, "new", "good")
    found = await finding(promoted, "rollback")
    assert found.problems == ()
    assert found.decision.evidence["test"].endswith("@1")


async def test_a_rollback_by_a_hard_trip_comes_out_the_same(promoted: Bench) -> None:
    for number in range(3):
        await promoted.sell({"new": 0.02 * number, "good": 0.03})
    await promoted.execute("delete from nowcasts where punk_id = 7")
    await promoted.look()
    found = await finding(promoted, "rollback")
    assert found.problems == ()
    assert "are missing" in found.decision.reason


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
    async with promoted.database.transaction() as connection:
        await connection.execute("set local session_replication_role = replica")
        await connection.execute("update monitor_steps set difference = -difference where step_no = 1")
    assert "do not lead to the state" in "; ".join((await finding(promoted, "rollback")).problems)

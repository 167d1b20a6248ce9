"""Alerts that the monitor raises: promotions, rollbacks and rejections in a row, each once."""

from dataclasses import replace
from datetime import timedelta

from shared.contracts.messages import ContenderRejected, ModelPromoted, ModelRolledBack
from shared.evaluation.policy import load_policy
from shared.registry import decisions
from shared.registry.decisions import Decision
from tests.factories import registry as made
from tests.integration.monitor.conftest import START, Bench


async def reject(bench: Bench, name: str) -> Decision:
    """A contender fails the gate; its message is not handled yet."""
    bench.clock.move_to(bench.clock.now() + timedelta(hours=1))
    await bench.run(made.contender, name, bench.clock.now())
    decision = replace(
        made.decision(name, bench.clock.now(), generation=2, action="reject"), verdict="fail", reason=f"{name}: bad"
    )
    await bench.run(decisions.record, decision, (), load_policy())
    return decision


async def announce(bench: Bench, decision: Decision) -> None:
    """The message of a rejection is delivered twice."""
    rejected = ContenderRejected(
        model_id=decision.subject_model, decision_id=decision.decision_id, reason=decision.reason
    )
    await bench.send(rejected, deliveries=2)


async def test_a_promotion_and_a_rollback_raise_one_alert_each(promoted: Bench) -> None:
    new, good = made.model_id("new"), made.model_id("good")
    await promoted.run(made.roll_back, "new", START, to="good")
    swap = (await promoted.emitted(ModelPromoted))[-1]
    (back,) = await promoted.emitted(ModelRolledBack)
    for message in (swap, back):
        await promoted.send(message, deliveries=2)
    promotion, rollback = await promoted.alerts()
    assert (promotion.kind, promotion.severity, promotion.model_id) == ("promotion", "info", new)
    assert good in promotion.summary
    assert (rollback.kind, rollback.severity, rollback.model_id) == ("rollback", "warning", new)
    assert rollback.summary.endswith("because")
    assert rollback.decision_id == back.decision_id


async def test_three_rejections_in_a_row_raise_an_alert_and_then_every_three(promoted: Bench) -> None:
    kinds = []
    for number in range(7):
        await announce(promoted, await reject(promoted, f"contender {number}"))
        kinds.append(len(await promoted.alerts()))
    assert kinds == [0, 0, 1, 1, 1, 2, 2]
    first = (await promoted.alerts())[0]
    assert first.kind == "rejections_in_a_row"
    assert "3 contenders in a row" in first.summary
    assert "contender 2: bad" in first.summary


async def test_rejections_handled_late_and_together_are_not_missed(promoted: Bench) -> None:
    waiting = [await reject(promoted, f"contender {number}") for number in range(4)]
    for decision in waiting:
        await announce(promoted, decision)
    assert [alert.kind for alert in await promoted.alerts()] == ["rejections_in_a_row"]


async def test_a_promotion_restarts_the_count(promoted: Bench) -> None:
    for number in range(2):
        await announce(promoted, await reject(promoted, f"contender {number}"))
    promoted.clock.move_to(promoted.clock.now() + timedelta(hours=1))
    await promoted.run(made.promote, "better", promoted.clock.now())
    await announce(promoted, await reject(promoted, "contender 2"))
    assert await promoted.alerts() == []

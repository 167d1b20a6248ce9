"""Contenders and shadows through the gatekeeper, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.messages import ContenderRejected, ModelPromoted, ShadowStarted
from shared.evaluation.canonical import sha256_of
from shared.evaluation.eprocess import EState
from shared.evaluation.policy import load_policy
from shared.registry import decisions, freezes, pointer, promotions, sequential, shadows
from shared.registry.sequential import RecordedStep
from tests.factories import gate_evidence
from tests.factories import registry as made
from tests.integration.gatekeeper.conftest import START, Gate


async def test_the_first_good_contender_becomes_champion(gate: Gate) -> None:
    await gate.register("first")
    assert await gate.state("first") == "champion"
    (told,) = await gate.told(ModelPromoted)
    assert isinstance(told, ModelPromoted)
    assert (told.model_id, told.previous_model_id, told.pointer_generation) == (made.model_id("first"), None, 1)


async def test_the_decision_keeps_its_evidence_word_for_word(gate: Gate) -> None:
    await gate.register("first")
    async with gate.database.connection() as connection:
        (decision,) = await decisions.listing(connection)
        checks = await decisions.checks_of(connection, decision.decision_id)
        stored = await connection.fetchrow("select evidence, evidence_hash from decisions")
        policy = await connection.fetchval("select body from policies where policy_hash = $1", decision.policy_hash)
    assert stored is not None
    assert sha256_of(stored["evidence"]) == stored["evidence_hash"]
    assert {check.name for check in checks} >= {
        "lineage",
        "no_overlap",
        "golden_rows",
        "bias",
        "coverage_80",
        "loss_level",
    }
    assert policy == load_policy().body
    assert decision.verdict == "pass"


async def test_a_better_contender_replaces_the_champion_who_stays_armed(gate: Gate) -> None:
    await gate.register("good")
    gate.clock.move_to(START + timedelta(days=12))
    await gate.register("new")
    assert (await gate.state("good"), await gate.state("new")) == ("retired", "champion")
    async with gate.database.connection() as connection:
        promotion = await promotions.current(connection)
    assert promotion is not None
    assert (promotion.model_id, promotion.previous_model_id, promotion.state) == (
        made.model_id("new"),
        made.model_id("good"),
        "warm_up",
    )


async def test_a_message_delivered_three_times_decides_once(gate: Gate) -> None:
    await gate.register("first", deliveries=3)
    assert await gate.value("select count(*) from decisions") == 1
    assert len(await gate.told(ModelPromoted)) == 1
    assert await gate.value("select generation from model_pointer") == 1


async def test_the_same_news_under_another_message_id_changes_nothing(gate: Gate) -> None:
    await gate.register("first")
    await gate.tell(made.model_id("first"), message_id=made.NAMESPACE)
    assert await gate.value("select count(*) from decisions") == 1
    assert gate.chosen.asked == [made.model_id("first")]


async def test_a_failing_contender_is_rejected_with_its_reason(gate: Gate) -> None:
    await gate.register("good")
    gate.chosen.evidence = gate_evidence.evidence(sales=gate_evidence.holdout(extra_error=0.5))
    await gate.register("bad")
    assert (await gate.state("good"), await gate.state("bad")) == ("champion", "rejected")
    (told,) = await gate.told(ContenderRejected)
    assert isinstance(told, ContenderRejected)
    assert "non_inferiority" in told.reason


async def test_missing_evidence_is_an_error_and_rejects(gate: Gate) -> None:
    await gate.register("good")
    gate.chosen.evidence = gate_evidence.evidence(snapshot=None)
    await gate.register("blind")
    assert await gate.state("blind") == "rejected"
    assert await gate.value("select verdict from decisions where action = 'reject'") == "error"


async def start_shadow(gate: Gate, name: str) -> None:
    gate.chosen.evidence = gate_evidence.evidence(snapshot=gate_evidence.snapshot_values(moved=0.05))
    await gate.register(name)
    gate.chosen.evidence = None


async def test_a_contender_that_moves_values_far_runs_in_the_shadow_first(gate: Gate) -> None:
    await gate.register("good")
    await start_shadow(gate, "far")
    assert (await gate.state("good"), await gate.state("far")) == ("champion", "shadow")
    assert [one.model_id for one in await gate.told(ShadowStarted)] == [made.model_id("far")]  # type: ignore[attr-defined]
    async with gate.database.connection() as connection:
        (shadow,) = await shadows.running(connection)
    assert shadow.champion_id == made.model_id("good")


async def test_a_third_shadow_finds_no_place(gate: Gate) -> None:
    await gate.register("good")
    for name in ("one", "two", "three"):
        await start_shadow(gate, name)
    assert [await gate.state(name) for name in ("one", "two", "three")] == ["shadow", "shadow", "rejected"]


async def test_while_frozen_a_good_contender_waits_in_the_shadow(gate: Gate) -> None:
    await gate.register("good")
    async with gate.database.transaction() as connection:
        await freezes.freeze(connection, made.NAMESPACE, actor="me", reason="holiday", at=START)
    await gate.register("new")
    assert await gate.state("new") == "shadow"
    assert "frozen: holiday" in str(await gate.value("select reason from decisions where action = 'start_shadow'"))


async def test_after_a_rollback_nothing_is_promoted_for_three_days(gate: Gate) -> None:
    await gate.register("good")
    await gate.register("bad")
    async with gate.database.transaction() as connection:
        decision = made.decision("bad", START, generation=2, action="rollback")
        await decisions.record(connection, decision, (), load_policy())
        await pointer.rollback(connection, decision, to=made.model_id("good"), expected_generation=2)
    gate.clock.move_to(START + timedelta(hours=71))
    await gate.register("early")
    gate.clock.move_to(START + timedelta(hours=73))
    await gate.register("late")
    assert (await gate.state("early"), await gate.state("late")) == ("shadow", "champion")


async def test_a_pointer_that_moved_meanwhile_makes_the_gate_run_again(gate: Gate) -> None:
    await gate.register("good")

    async def promote_another() -> None:
        async with gate.database.transaction() as connection:
            await made.promote(connection, "other", gate.clock.now())

    gate.chosen.meanwhile = promote_another
    await gate.register("new")
    assert await gate.state("new") == "registered"
    assert await gate.value("select count(*) from decisions where subject_model = $1", made.model_id("new")) == 0
    gate.clock.move_to(START + timedelta(seconds=11))
    await gate.bus.run_until_idle()
    assert (await gate.state("new"), await gate.state("other")) == ("shadow", "champion")
    assert gate.chosen.asked.count(made.model_id("new")) == 2


async def test_a_freeze_that_comes_while_the_evidence_is_taken_counts(gate: Gate) -> None:
    await gate.register("good")

    async def freeze() -> None:
        async with gate.database.transaction() as connection:
            await freezes.freeze(connection, made.NAMESPACE, actor="me", reason="stop", at=START)

    gate.chosen.meanwhile = freeze
    await gate.register("new")
    assert await gate.state("new") == "shadow"


async def store_test(gate: Gate, name: str, *, worse: float, better: float) -> None:
    """The shadow's test as the monitor would have left it."""
    async with gate.database.transaction() as connection:
        shadow = await shadows.get(connection, made.model_id(name))
        assert shadow is not None
        before, after = EState(0, (1.0,) * 12, (1.0,) * 12), EState(1, (worse,) * 12, (better,) * 12)
        await sequential.append(
            connection,
            shadow.test_id,
            before,
            [RecordedStep("0x1", 0.0, 0.1, after, gate.clock.now())],
            at=gate.clock.now(),
        )


async def test_a_shadow_that_proved_itself_is_promoted(gate: Gate) -> None:
    await gate.register("good")
    await start_shadow(gate, "far")
    await start_shadow(gate, "other")
    await store_test(gate, "far", worse=0.1, better=25.0)
    gate.clock.move_to(START + timedelta(days=5))
    await gate.mature("far", "not_worse", deliveries=2)
    assert (await gate.state("good"), await gate.state("far")) == ("retired", "champion")
    async with gate.database.connection() as connection:
        (running,) = await shadows.running(connection)
        ended = await shadows.get(connection, made.model_id("far"))
    assert ended is not None
    assert ended.outcome == "not_worse"
    assert (running.model_id, running.champion_id) == (made.model_id("other"), made.model_id("far"))
    assert running.started_at == START + timedelta(days=5), "its test starts anew against the new champion"


@pytest.mark.parametrize(
    ("outcome", "worse", "days", "verdict"), [("worse", 25.0, 1, "fail"), ("expired", 1.0, 30, "inconclusive")]
)
async def test_a_shadow_that_lost_or_expired_is_rejected(
    gate: Gate, outcome: str, worse: float, days: int, verdict: str
) -> None:
    await gate.register("good")
    await start_shadow(gate, "far")
    await store_test(gate, "far", worse=worse, better=1.0)
    gate.clock.move_to(START + timedelta(days=days))
    await gate.mature("far", outcome)
    assert (await gate.state("good"), await gate.state("far")) == ("champion", "rejected")
    assert await gate.value("select verdict from decisions where kind = 'shadow'") == verdict


@pytest.mark.parametrize("outcome", ["not_worse", "worse", "expired"])
async def test_a_claim_that_the_stored_test_does_not_bear_out_is_ignored(gate: Gate, outcome: str) -> None:
    """Anyone may publish a message; only the recorded test counts."""
    await gate.register("good")
    await start_shadow(gate, "far")
    await store_test(gate, "far", worse=2.0, better=2.0)
    await gate.mature("far", outcome)
    assert await gate.state("far") == "shadow"
    await gate.mature("nobody", outcome)
    assert await gate.value("select count(*) from decisions where kind = 'shadow'") == 0


async def test_a_claim_against_a_former_champion_is_ignored(gate: Gate) -> None:
    await gate.register("good")
    await start_shadow(gate, "far")
    await store_test(gate, "far", worse=0.1, better=25.0)
    gate.clock.move_to(START + timedelta(days=1))
    await gate.register("newer")
    await gate.mature("far", "not_worse", champion="good")
    assert (await gate.state("newer"), await gate.state("far")) == ("champion", "shadow")


async def test_a_proven_shadow_is_not_promoted_during_a_freeze(gate: Gate) -> None:
    await gate.register("good")
    await start_shadow(gate, "far")
    await store_test(gate, "far", worse=0.1, better=25.0)
    async with gate.database.transaction() as connection:
        await freezes.freeze(connection, made.NAMESPACE, actor="me", reason="holiday", at=START)
    await gate.mature("far", "not_worse")
    assert (await gate.state("good"), await gate.state("far")) == ("champion", "shadow")


async def test_rejections_in_a_row_are_counted_back_to_the_last_promotion(gate: Gate) -> None:
    await gate.register("good")
    gate.chosen.evidence = gate_evidence.evidence(infra=None)
    for number in range(2):
        gate.clock.move_to(START + timedelta(days=number + 1))
        await gate.register(f"bad {number}")
    async with gate.database.connection() as connection:
        assert await decisions.rejections_in_a_row(connection, limit=10) == 2

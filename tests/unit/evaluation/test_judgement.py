import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.evaluation import judgement
from shared.evaluation.checks import Judgement
from shared.evaluation.judgement import FreshSales, UnjudgeableError
from shared.evaluation.metrics import Band
from shared.evaluation.policy import load_policy, stored_policy
from shared.evaluation.watch import Health, TripFacts
from tests.factories import gate_evidence as made

POLICY = load_policy()
AT = datetime(2025, 3, 1, tzinfo=UTC)
ONES = [1.0] * 12


def gate_inputs(**evidence: object) -> dict[str, Any]:
    return made.gate_inputs(made.evidence(**evidence))


def shadow_inputs(*, better: float = 25.0, worse: float = 1.0, days: float = 3, sales: int = 100) -> dict[str, Any]:
    fresh = made.holdout(seed=2, n=60)
    inside = (np.arange(60) % 20 >= 3).astype(np.int64)
    return {
        "kind": "shadow",
        "sales": sales,
        "wealth_worse": [worse] * 12,
        "wealth_better": [better] * 12,
        "first_started_at": AT.isoformat(),
        "decided_at": (AT + timedelta(days=days)).isoformat(),
        "holdout": replace(made.holdout(), champion=None),
        "fresh": FreshSales(fresh.price, fresh.floor, fresh.contender.value, fresh.time, inside, inside),
    }


def rollback_inputs(*, worse: float = 25.0, trip: TripFacts | None = None) -> dict[str, Any]:
    return {"kind": "rollback", "sales": 40, "wealth_worse": [worse] * 12, "wealth_better": ONES, "trip": trip}


def confirm_inputs(*, sales: int = 300) -> dict[str, Any]:
    wealth = {"wealth_worse": ONES, "wealth_better": ONES}
    span = {"since": AT.isoformat(), "until": (AT + timedelta(days=20)).isoformat()}
    return {"kind": "confirm", "sales": sales, "paired_sales": sales, "nowcasts": 2, "warm": True} | wealth | span


def waiting_inputs(days: float) -> dict[str, Any]:
    return {"kind": "gate", "since": AT.isoformat(), "decided_at": (AT + timedelta(days=days)).isoformat()}


def decisions() -> dict[str, Judgement]:
    return {
        "gate": judgement.gate(gate_inputs(), POLICY),
        "shadow": judgement.shadow(shadow_inputs(), POLICY),
        "rollback": judgement.rollback(rollback_inputs(), POLICY),
        "confirm": judgement.confirm(confirm_inputs(), POLICY),
        "operator": judgement.operator({"kind": "operator", "act": "quarantine", "said": "odd"}, POLICY),
    }


@pytest.mark.parametrize("kind", ["gate", "shadow", "rollback", "confirm", "operator"])
def test_a_decision_made_again_is_the_same_byte_for_byte(kind: str) -> None:
    first = decisions()[kind]
    assert judgement.again(kind, first.evidence, POLICY) == first
    assert json.loads(first.evidence)["action"] == first.action


STRICT = POLICY.model_copy(
    update={
        "sequential": POLICY.sequential.model_copy(update={"threshold": 1e6}),
        "holdout": POLICY.holdout.model_copy(update={"min_sales": 10_000}),
        "watch": POLICY.watch.model_copy(update={"confirm_sales": 10_000}),
    }
)


def test_under_another_policy_the_same_inputs_are_another_decision() -> None:
    first = decisions()
    assert judgement.again("gate", first["gate"].evidence, STRICT).action == "start_shadow"
    for kind in ("shadow", "rollback", "confirm"):
        with pytest.raises(UnjudgeableError):
            judgement.again(kind, first[kind].evidence, STRICT)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"n":250}', '{"rules":3}', '{"rules":3,"evidence":{},"restraint":{}}'],
)
def test_what_holds_no_inputs_is_said_to(text: str) -> None:
    with pytest.raises(UnjudgeableError, match="inputs"):
        judgement.again("gate", text, POLICY)


def test_other_rules_are_said_to_be_other_rules() -> None:
    text = decisions()["gate"].evidence.replace('"rules":3', '"rules":1')
    with pytest.raises(UnjudgeableError, match="rules 1"):
        judgement.again("gate", text, POLICY)


def test_a_value_that_is_no_number_is_still_none_after_the_record() -> None:
    sales = made.holdout()
    value = sales.contender.value.copy()
    value[3] = np.inf
    broken = replace(sales, contender=replace(sales.contender, value=value))
    judged = judgement.gate(gate_inputs(sales=broken), POLICY)
    assert judged.action == "reject"
    assert "values" in judged.reason


def test_a_shadow_is_promoted_when_its_own_checks_pass_too() -> None:
    judged = judgement.shadow(shadow_inputs(), POLICY)
    assert (judged.verdict, judged.action) == ("pass", "promote"), judged.reason
    assert {check.name for check in judged.checks} == {
        "shadow_test", "sample", "beats_floor_mean", "beats_floor_median", "bias", "coverage_80", "coverage_90",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "verdict", "action"),
    [
        ({"holdout": None}, "inconclusive", "none"),
        ({"holdout": None, "decided_at": (AT + timedelta(days=30)).isoformat()}, "inconclusive", "reject"),
        ({"holdout": None, "sales": 200}, "inconclusive", "reject"),
        ({"wealth_worse": [25.0] * 12}, "fail", "reject"),
        ({"wealth_better": ONES, "sales": 200}, "inconclusive", "reject"),
    ],
)
def test_a_shadow_ends_by_its_test_its_checks_or_its_time(changes: dict[str, Any], verdict: str, action: str) -> None:
    judged = judgement.shadow(shadow_inputs() | changes, POLICY)
    assert (judged.verdict, judged.action) == (verdict, action), judged.reason


@pytest.mark.parametrize(
    ("champions", "verdict", "action"), [(0.55, "pass", "promote"), (0.8, "fail", "reject"), (None, "fail", "reject")]
)
def test_a_shadows_coverage_is_compared_with_the_champions(champions: float | None, verdict: str, action: str) -> None:
    held = made.holdout()
    order = np.random.default_rng(3).permutation(len(held))

    def holding(share: float) -> tuple[Band, ...]:
        inside = order < share * len(held)
        return tuple(
            Band(level, np.where(inside, held.price * 0.5, held.price * 2), held.price * 3) for level in (0.8, 0.9)
        )

    held = replace(
        held,
        contender=replace(held.contender, bands=holding(0.55)),
        champion=None if champions is None else replace(held.champion, bands=holding(champions)),
    )
    judged = judgement.shadow(shadow_inputs() | {"holdout": held}, POLICY)
    assert (judged.verdict, judged.action) == (verdict, action), judged.reason


def test_a_test_that_has_not_ended_decides_nothing() -> None:
    with pytest.raises(UnjudgeableError, match="not ended"):
        judgement.shadow(shadow_inputs(better=1.0), POLICY)
    with pytest.raises(UnjudgeableError, match="neither"):
        judgement.rollback(rollback_inputs(worse=19.9), POLICY)
    with pytest.raises(UnjudgeableError, match="confirms"):
        judgement.confirm(confirm_inputs(sales=299), POLICY)
    with pytest.raises(UnjudgeableError, match="may still wait"):
        judgement.waiting(waiting_inputs(29.9), POLICY)


def test_a_hard_trip_needs_no_sales() -> None:
    judged = judgement.rollback(
        rollback_inputs(worse=1.0, trip=TripFacts(Health(AT, rows=9_999, valid_rows=9_999), stale=False)), POLICY
    )
    assert judged.reason == "its nowcast has 9999 rows of 10000"


def test_a_contender_that_waited_too_long_is_made_again_as_a_gates_decision() -> None:
    judged = judgement.waiting(waiting_inputs(31), POLICY)
    assert judgement.again("gate", judged.evidence, POLICY) == judged
    assert (judged.verdict, judged.action) == ("inconclusive", "reject")


@pytest.mark.parametrize(("action", "days"), [("start_shadow", 30), ("none", 30), ("promote", None), ("reject", None)])
def test_what_leaves_a_model_undecided_has_a_time_out(action: judgement.Action, days: float | None) -> None:
    assert POLICY.patience(action) == (None if days is None else timedelta(days=days))


RECORDED = json.loads((Path(__file__).parent / "recorded_decisions.json").read_text())


@pytest.mark.parametrize("recorded", RECORDED["decisions"])
def test_decisions_that_an_earlier_release_recorded_come_out_the_same(recorded: dict[str, str]) -> None:
    """Written by the release before the evidence was read by pydantic; a live database is full of them."""
    judged = judgement.again(recorded["kind"], recorded["evidence"], stored_policy(RECORDED["policy"]))
    assert judged.evidence == recorded["evidence"]


DAMAGED: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("evidence.infra", lambda t: t["evidence"]["infra"].update(latency_s=0.1)),
    ("evidence.infra.quick", lambda t: t["evidence"]["infra"].update(quick="true")),
    ("evidence.infra.parity_rows", lambda t: t["evidence"]["infra"].update(parity_rows=1.5)),
    ("evidence.lineage.contender_cutoff", lambda t: t["evidence"]["lineage"].update(contender_cutoff="soon")),
    ("contender_cutoff", lambda t: t["evidence"]["lineage"].update(contender_cutoff="2025-01-01T00:00")),
    ("evidence.blast", lambda t: t["evidence"].pop("blast")),
    ("evidence.more", lambda t: t["evidence"].update(more=1)),
    ("restraint.shadow_places", lambda t: t["restraint"].update(shadow_places=None)),
    ("more or fewer rows", lambda t: t["evidence"]["sales"]["price"].pop()),
    ("more or fewer rows", lambda t: t["evidence"]["sales"]["contender"]["bands"][0]["low"].append(1.0)),
    ("not among the rows", lambda t: t["evidence"]["sales"]["rare"].append(9_999)),
    ("not among the rows", lambda t: t["evidence"]["sales"]["rare"].append(-1)),
    ("price", lambda t: t["evidence"]["sales"].update(price="40.0")),
    ("valid number", lambda t: t["evidence"]["sales"]["floor"].__setitem__(0, "40.0")),
    ("valid integer", lambda t: t["evidence"]["sales"]["time"].__setitem__(0, 0.5)),
]


@pytest.mark.parametrize(("named", "damage"), DAMAGED)
def test_damaged_evidence_is_named_and_judged_by_nobody(named: str, damage: Callable[[dict[str, Any]], object]) -> None:
    text = json.loads(decisions()["gate"].evidence)
    damage(text)
    with pytest.raises(UnjudgeableError, match=f"damaged.*{named}"):
        judgement.again("gate", json.dumps(text), POLICY)

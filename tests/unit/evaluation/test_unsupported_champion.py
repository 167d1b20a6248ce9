"""The gate while the code cannot serve the champion: its published values stand in, and no shadow can start."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from shared.evaluation import judgement
from shared.evaluation.checks import Check, Judgement
from shared.evaluation.evidence import GateEvidence, Unsupported
from shared.evaluation.gates import CONFIRMED, PUBLISHED, Restraint, decide
from shared.evaluation.metrics import Band
from shared.evaluation.policy import Policy, load_policy
from tests.factories import gate_evidence as made

POLICY = load_policy()
VERSION_3 = load_policy(Path(__file__).parent / "policy_version_3.toml")
WHY = Unsupported("its format is of another release", made.CUTOFF + timedelta(days=31))


def evidence(*, published: int = made.SALES, erred: float = 1.0, **changes: object) -> GateEvidence:
    """A contender beside a champion that cannot be served, which published values of the first so many sales.

    `erred`: the champion's errors as a share of the contender's.
    """
    sales = made.holdout()
    values = sales.price * np.exp(erred * np.log(sales.contender.value / sales.price))
    values = np.where(np.arange(len(sales)) < published, values, np.nan)
    alone = made.evidence(
        lineage=made.lineage(champion_cutoff=None),
        sales=replace(sales, champion=None, published=values),
        blast=None,
        champion_unsupported=WHY,
    )
    return replace(alone, **changes)  # type: ignore[arg-type]


def checks(found: GateEvidence, policy: Policy = POLICY) -> dict[str, Check]:
    return {check.name: check for check in decide(found, policy).checks}


def wide(found: GateEvidence) -> GateEvidence:
    """So little is known of its coverage that nobody can tell."""
    sales = found.sales
    inside = np.random.default_rng(3).permutation(len(sales)) < 0.73 * len(sales)
    low = np.where(inside, sales.price * 0.5, sales.price * 2)
    bands = (Band(0.8, low, sales.price * 3), sales.contender.bands[1])
    return replace(found, sales=replace(sales, contender=replace(sales.contender, bands=bands)))


def test_a_contender_no_worse_than_what_was_published_is_promoted() -> None:
    result = decide(evidence(), POLICY)
    assert (result.verdict, result.action) == ("pass", "promote"), result.reason
    assert WHY.reason in result.reason
    names = {check.name for check in result.checks}
    assert PUBLISHED in names
    assert not any(name.startswith(("blast", "slice")) or name == "non_inferiority" for name in names)


def test_what_is_worse_than_what_was_published_is_rejected() -> None:
    result = decide(evidence(erred=0.5), POLICY)
    assert (result.verdict, result.action) == ("fail", "reject"), result.reason
    assert PUBLISHED in result.reason


def test_too_few_published_values_are_reported_and_block_nothing() -> None:
    found = evidence(published=99, erred=0.5)
    check = checks(found)[PUBLISHED]
    assert (check.verdict, check.n, check.blocking) == ("inconclusive", 99, False)
    assert check.estimate is not None
    assert decide(found, POLICY).action == "promote"
    assert decide(evidence(published=100, erred=0.5), POLICY).action == "reject"


def test_without_any_published_value_the_absolute_checks_decide() -> None:
    found = evidence(published=0)
    assert checks(found)[PUBLISHED].n == 0
    assert decide(found, POLICY).action == "promote"


def test_published_values_that_are_not_there_at_all_are_missing_evidence() -> None:
    found = evidence()
    result = decide(replace(found, sales=replace(found.sales, published=None)), POLICY)
    assert (result.verdict, result.action) == ("error", "reject")


@pytest.mark.parametrize("tolerates", [frozenset({"coverage_80"}), frozenset()])
def test_what_is_inconclusive_waits_for_a_person_unless_it_is_tolerated(tolerates: frozenset[str]) -> None:
    rules = POLICY.unsupported_champion
    policy = POLICY.model_copy(update={"unsupported_champion": rules.model_copy(update={"tolerates": tolerates})})
    result = decide(wide(evidence()), policy)
    assert result.verdict == "inconclusive", result.reason
    assert result.action == ("promote" if tolerates else "none")


def test_a_policy_that_promotes_from_the_shadow_only_promotes_at_once_where_no_shadow_can_run() -> None:
    policy = POLICY.model_copy(update={"promotion": POLICY.promotion.model_copy(update={"mode": "shadow_first"})})
    assert decide(made.evidence(), policy).action == "start_shadow"
    assert decide(evidence(), policy).action == "promote"


def test_a_policy_that_says_nothing_of_it_leaves_the_contender_to_a_person() -> None:
    result = decide(evidence(), VERSION_3)
    assert (result.verdict, result.action) == ("inconclusive", "none")
    assert decide(evidence(lineage=None), VERSION_3).action == "reject"
    assert decide(made.evidence(), VERSION_3).action == "promote"


@pytest.mark.parametrize(
    ("restraint", "action"),
    [
        (Restraint(warming="m-1"), "promote"),
        (Restraint(shadow_places=0), "promote"),
        (Restraint(frozen="stop"), "none"),
        (Restraint(cooling_until="2025-01-04"), "none"),
    ],
)
def test_people_hold_a_promotion_up_and_a_warm_up_that_cannot_end_does_not(restraint: Restraint, action: str) -> None:
    assert judged(evidence(), restraint=restraint).action == action


def test_an_anchor_that_cannot_be_served_is_left_out_and_that_is_said() -> None:
    result = decide(made.evidence(has_anchor=True, anchor_unsupported="another format"), POLICY)
    assert (result.verdict, result.action) == ("pass", "promote"), result.reason
    left = next(check for check in result.checks if check.name == CONFIRMED)
    assert (left.verdict, left.blocking) == ("inconclusive", False)
    assert "another format" in left.detail
    assert "not even the champion" in checks(evidence(has_anchor=True))[CONFIRMED].detail


def judged(found: GateEvidence, policy: Policy = POLICY, restraint: Restraint | None = None) -> Judgement:
    return judgement.gate(made.gate_inputs(found, restraint), policy)


@pytest.mark.parametrize("policy", [POLICY, VERSION_3], ids=["version 4", "version 3"])
@pytest.mark.parametrize(
    "found",
    [
        evidence(published=150),
        wide(evidence()),
        evidence(erred=0.5),
        made.evidence(anchor_unsupported="another format", has_anchor=True),
    ],
    ids=["published", "wide", "worse", "anchor"],
)
def test_such_a_decision_is_made_again_byte_for_byte(found: GateEvidence, policy: Policy) -> None:
    first = judged(found, policy)
    assert judgement.again("gate", first.evidence, policy) == first


def test_evidence_of_models_that_can_be_served_reads_as_it_always_did() -> None:
    """The same text, so that decisions of before come out the same and need no other rules."""
    plain = json.loads(judged(made.evidence()).evidence)
    assert plain["rules"] == 3
    assert set(plain["evidence"]) == {"has_champion", "has_anchor", "lineage", "infra", "sales", "blast"}
    assert "published" not in plain["evidence"]["sales"]

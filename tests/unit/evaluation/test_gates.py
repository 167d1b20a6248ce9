from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest

from shared.evaluation.arrays import Floats
from shared.evaluation.checks import Check, band_verdict, overall
from shared.evaluation.evidence import BlastFacts, GateEvidence, HoldoutSales, Predictions
from shared.evaluation.gates import GateResult, Restraint, decide, restrain
from shared.evaluation.metrics import Band
from shared.evaluation.policy import load_policy
from tests.factories import gate_evidence as made

POLICY = load_policy()


def check_of(result: GateResult, name: str) -> Check:
    return next(check for check in result.checks if check.name == name)


def contending(errors: Callable[[HoldoutSales, Floats], Floats], *, spread: float = 0.06) -> HoldoutSales:
    """The hold-out with a contender of other log errors, made from its own."""
    sales = made.holdout()
    value = sales.price * np.exp(errors(sales, np.log(sales.contender.value / sales.price)))
    return replace(sales, contender=made.predictions(value, spread=spread))


def one_not_a_number(_: HoldoutSales, error: Floats) -> Floats:
    return np.where(np.arange(len(error)) == 3, np.nan, error)


def unrelated(sales: HoldoutSales, _: Floats) -> Floats:
    return np.random.default_rng(11).normal(0, 0.06, len(sales))


def premium(sales: HoldoutSales) -> npt.NDArray[np.bool_]:
    """Which sales are of the premium tier."""
    over_floor = sales.champion.value / sales.floor
    return (over_floor >= 1.3) & (over_floor < 2.5)


def bad_premium(sales: HoldoutSales, error: Floats) -> Floats:
    return np.where(premium(sales), error * 2.5, error * 0.3)


def odd_premium(sales: HoldoutSales, error: Floats) -> Floats:
    """Worse on the sales of a few days only."""
    return np.where(premium(sales) & (sales.day % 7 == 0), error * 6, error * 0.6)


def without_intervals() -> HoldoutSales:
    sales = made.holdout()
    return replace(sales, contender=Predictions(sales.contender.value))


def worse_than_floor() -> HoldoutSales:
    sales = made.holdout()
    return replace(sales, floor=sales.price * 1.001)


def test_a_contender_as_good_as_the_champion_is_promoted() -> None:
    result = decide(made.evidence(), POLICY)
    assert (result.verdict, result.action) == ("pass", "promote"), result.reason
    assert set(result.scorecards) == {"contender", "champion", "floor"}


def test_the_first_contender_is_promoted_on_absolute_checks_alone() -> None:
    result = decide(made.first_contender(), POLICY)
    assert (result.verdict, result.action) == ("pass", "promote"), result.reason
    assert not any(c.name.startswith(("blast", "slice", "non_inferiority")) for c in result.checks)


def broken() -> list[tuple[str, str, str, dict[str, object]]]:
    """The check, its verdict, the action, and what is wrong with the evidence."""
    late, early = made.CUTOFF + timedelta(days=5), made.CUTOFF + timedelta(days=1)
    return [
        ("lineage", "error", "reject", {"lineage": None}),
        ("lineage", "fail", "reject", {"lineage": made.lineage(missing=("git_sha",))}),
        ("no_overlap", "fail", "reject", {"lineage": made.lineage(champion_cutoff=late)}),
        ("no_overlap", "fail", "reject", {"lineage": made.lineage(contender_cutoff=early)}),
        ("no_overlap", "fail", "reject", {"lineage": made.lineage(anchor_cutoff=late)}),
        ("loads", "error", "reject", {"infra": None}),
        ("loads", "fail", "reject", {"infra": made.infra(loads=False)}),
        ("artifact_sha256", "fail", "reject", {"infra": made.infra(sha256_matches=False)}),
        ("finite_positive", "error", "reject", {"infra": made.infra(finite_positive=None)}),
        ("finite_positive", "fail", "reject", {"infra": made.infra(finite_positive=False)}),
        ("golden_rows", "error", "reject", {"infra": made.infra(golden_difference=None)}),
        ("golden_rows", "error", "reject", {"infra": made.infra(golden_rows=0)}),
        ("golden_rows", "fail", "reject", {"infra": made.infra(golden_difference=1e-3)}),
        ("parity", "error", "reject", {"infra": made.infra(parity_difference=None)}),
        ("parity", "error", "reject", {"infra": made.infra(parity_rows=0)}),
        ("parity", "fail", "reject", {"infra": made.infra(parity_difference=1e-6)}),
        ("latency", "error", "reject", {"infra": made.infra(quick=None)}),
        ("latency", "fail", "reject", {"infra": made.infra(quick=False)}),
        ("sample", "error", "reject", {"sales": None}),
        ("sample", "inconclusive", "start_shadow", {"sales": made.holdout(n=199)}),
        ("values", "fail", "reject", {"sales": contending(one_not_a_number)}),
        ("bias", "fail", "reject", {"sales": made.holdout(shift=0.08)}),
        ("coverage_80", "fail", "reject", {"sales": contending(lambda _, error: error, spread=0.01)}),
        ("coverage", "error", "reject", {"sales": without_intervals()}),
        ("beats_floor_mean", "fail", "reject", {"sales": worse_than_floor()}),
        ("beats_floor_median", "fail", "reject", {"sales": worse_than_floor()}),
        ("non_inferiority", "fail", "reject", {"sales": made.holdout(extra_error=0.5)}),
        ("non_inferiority", "inconclusive", "start_shadow", {"sales": contending(unrelated)}),
        ("non_inferiority", "error", "reject", {"sales": replace(made.holdout(), champion=None)}),
        ("slice_premium", "fail", "reject", {"sales": contending(bad_premium)}),
        ("blast_mean", "error", "reject", {"blast": None}),
        ("blast_mean", "inconclusive", "start_shadow", {"blast": made.blast(moved=0.05)}),
        ("blast_p99", "inconclusive", "start_shadow", {"blast": made.blast(moved=0.2)}),
        ("blast_median", "inconclusive", "start_shadow", {"blast": made.blast(up=0.025)}),
        ("blast_mean", "error", "reject", {"blast": BlastFacts.of(np.array([np.nan]), np.ones(1))}),
    ]


@pytest.mark.parametrize(("check", "verdict", "action", "wrong"), broken())
def test_one_thing_wrong_decides(check: str, verdict: str, action: str, wrong: dict[str, object]) -> None:
    result = decide(made.evidence(**wrong), POLICY)
    assert check_of(result, check).verdict == verdict
    assert result.action == action, result.reason
    assert check in result.reason or result.verdict != verdict


@pytest.mark.parametrize(
    ("wrong", "verdict", "action"),
    [
        ({"sales": replace(made.holdout(n=199), champion=None)}, "inconclusive", "none"),
        ({"sales": None}, "error", "reject"),
        ({"infra": None}, "error", "reject"),
        ({"lineage": None}, "error", "reject"),
        ({"sales": replace(made.holdout(n=0), champion=None)}, "error", "reject"),
    ],
)
def test_without_a_champion_only_proven_ones_are_promoted(wrong: dict[str, object], verdict: str, action: str) -> None:
    """No champion, no shadow: a person decides, within the time-out of the policy."""
    result = decide(made.first_contender(**wrong), POLICY)
    assert (result.verdict, result.action) == (verdict, action)


def off_coverage(share: float) -> HoldoutSales:
    """80 % intervals that hold `share` of the prices."""
    sales = replace(made.holdout(), champion=None)
    held = np.random.default_rng(5).permutation(len(sales)) < round(share * len(sales))
    band = Band(0.8, np.where(held, sales.price * 0.9, sales.price * 1.1), sales.price * 1.2)
    return replace(sales, contender=replace(sales.contender, bands=(band,)))


def test_a_first_champion_may_have_coverage_that_is_not_proven_but_none_that_is_refuted() -> None:
    unproven = decide(made.first_contender(sales=off_coverage(0.735)), POLICY)
    assert (unproven.verdict, unproven.action) == ("inconclusive", "promote")
    assert unproven.reason == "inconclusive: coverage_80; the policy tolerates it of a first champion"
    strict = POLICY.promotion.model_copy(update={"first_tolerates": frozenset[str]()})
    policy = POLICY.model_copy(update={"promotion": strict})
    assert decide(made.first_contender(sales=off_coverage(0.735)), policy).action == "none"
    refuted = decide(made.first_contender(sales=off_coverage(0.6)), POLICY)
    assert (refuted.verdict, refuted.action) == ("fail", "reject")


def challenged(share: float, champions: float) -> HoldoutSales:
    """80 % intervals of a challenger and of a champion that hold such shares of the same prices."""
    mine, theirs = off_coverage(share), off_coverage(champions).contender.bands
    return replace(mine, champion=replace(made.holdout().champion, bands=theirs))


@pytest.mark.parametrize(
    ("share", "champions", "verdict", "action"),
    [
        (0.735, 0.80, "inconclusive", "start_shadow"),
        (0.735, 0.765, "inconclusive", "start_shadow"),
        (0.735, 0.75, "pass", "promote"),
        (0.735, 0.70, "pass", "promote"),
        (0.60, 0.80, "fail", "reject"),
        (0.60, 0.55, "pass", "promote"),
        (0.60, 0.97, "fail", "reject"),
    ],
)
def test_coverage_as_far_off_as_the_champions_passes(share: float, champions: float, verdict: str, action: str) -> None:
    result = decide(made.evidence(sales=challenged(share, champions)), POLICY)
    assert (check_of(result, "coverage_80").verdict, result.action) == (verdict, action)


@pytest.mark.parametrize(("share", "verdict"), [(0.735, "inconclusive"), (0.6, "fail")])
def test_a_champion_without_intervals_excuses_nothing(share: float, verdict: str) -> None:
    sales = challenged(share, 0.5)
    bare = replace(sales, champion=replace(sales.champion, bands=()))
    assert check_of(decide(made.evidence(sales=bare), POLICY), "coverage_80").verdict == verdict


def test_all_sales_of_one_day_are_one_piece_of_news_and_prove_nothing() -> None:
    sales = made.holdout()
    one_day = replace(sales, time=np.full(len(sales), int(made.CUTOFF.timestamp()) + 60))
    assert decide(made.evidence(sales=one_day), POLICY).action == "start_shadow"


def test_a_thin_slice_reports_but_does_not_block() -> None:
    rare = check_of(decide(made.evidence(), POLICY), "slice_rare_types")
    assert (rare.verdict, rare.blocking) == ("inconclusive", False)
    assert 0 < (rare.n or 0) < 30


def test_a_bias_that_is_neither_allowed_nor_proven_is_inconclusive() -> None:
    """The estimate lies outside the band, the interval reaches into it."""
    result = decide(made.first_contender(sales=replace(made.holdout(shift=0.022), champion=None)), POLICY)
    check = check_of(result, "bias")
    assert check.verdict == "inconclusive"
    assert check.lo <= 0.02 < check.estimate
    assert (result.verdict, result.reason) == ("inconclusive", "inconclusive: bias")


@pytest.mark.parametrize(
    ("estimate", "lo", "hi", "verdict"),
    [
        (0.0, -0.01, 0.01, "pass"),
        (0.019, 0.01, 0.03, "pass"),
        (0.021, 0.01, 0.03, "inconclusive"),
        (0.0, -0.05, 0.05, "inconclusive"),
        (0.0, -np.inf, np.inf, "inconclusive"),
        (0.0, -0.01, 0.041, "inconclusive"),
        (0.03, 0.0201, 0.04, "fail"),
        (-0.03, -0.04, -0.0201, "fail"),
        (np.nan, np.nan, np.nan, "inconclusive"),
    ],
)
def test_a_band_is_passed_by_evidence_and_failed_by_proof(estimate: float, lo: float, hi: float, verdict: str) -> None:
    assert band_verdict(estimate, lo, hi, target=0.0, tolerance=0.02, resolution=0.04) == verdict


def test_an_estimate_on_the_edge_of_the_band_lies_inside() -> None:
    """204 of 240 sales are 85 %, five points below 90 %."""
    assert band_verdict(204 / 240, 0.81, 0.88, target=0.9, tolerance=0.05, resolution=0.1) == "pass"


def test_few_sales_whose_interval_merely_touches_the_band_do_not_pass() -> None:
    """With the rule "fails when the interval lies outside" the less was known, the surer was the pass."""
    result = decide(made.evidence(sales=made.holdout(n=24)), POLICY)
    assert {check_of(result, f"coverage_{level}").verdict for level in (80, 90)} == {"inconclusive"}


def test_a_slice_that_looks_worse_without_proof_is_left_to_the_shadow() -> None:
    result = decide(made.evidence(sales=contending(odd_premium)), POLICY)
    check = check_of(result, "slice_premium")
    assert check.lo <= POLICY.slices.margin < check.estimate
    assert (check.verdict, result.action) == ("inconclusive", "start_shadow")


def test_a_small_step_away_from_the_champion_is_measured_from_the_confirmed_one() -> None:
    """Each link of the chain is within the margin; the chain is not."""
    sales = made.holdout()
    error = np.log(sales.champion.value / sales.price)
    confirmed = made.predictions(sales.price * np.exp(0.6 * error))
    chain = made.evidence(sales=replace(sales, anchor=confirmed), has_anchor=True)
    result = decide(chain, POLICY)
    assert check_of(result, "non_inferiority").verdict == "pass"
    assert check_of(result, "non_inferiority_confirmed").verdict == "fail"
    assert result.action == "reject"
    missing = decide(made.evidence(has_anchor=True), POLICY)
    assert check_of(missing, "non_inferiority_confirmed").verdict == "error"
    same = decide(made.evidence(sales=replace(sales, anchor=sales.champion), has_anchor=True), POLICY)
    assert same.action == "promote"


def test_a_policy_may_ask_for_the_shadow_first() -> None:
    careful = POLICY.model_copy(update={"promotion": POLICY.promotion.model_copy(update={"mode": "shadow_first"})})
    result = decide(made.evidence(), careful)
    assert (result.verdict, result.action) == ("pass", "start_shadow")
    assert "shadow only" in result.reason
    assert decide(made.first_contender(), careful).action == "promote", "there is nobody to run beside"


def test_statistics_go_on_record_with_ten_digits() -> None:
    for check in decide(made.evidence(), POLICY).checks:
        for figure in (check.estimate, check.lo, check.hi):
            assert figure is None or figure == float(f"{figure:.10g}")


def test_no_checks_at_all_are_an_error() -> None:
    assert overall([]) == "error"
    assert overall([Check("a", "inconclusive", blocking=False)]) == "error"


@pytest.mark.parametrize(
    ("evidence", "restraint", "action"),
    [
        (made.evidence(), Restraint(), "promote"),
        (made.evidence(), Restraint(frozen="two rollbacks"), "start_shadow"),
        (made.evidence(), Restraint(cooling_until="2025-01-04"), "start_shadow"),
        (made.evidence(), Restraint(warming="m-1"), "start_shadow"),
        (made.evidence(), Restraint(frozen="two rollbacks", shadow_places=0), "reject"),
        (made.evidence(), Restraint(shadow_places=0), "promote"),
        (made.first_contender(), Restraint(frozen="two rollbacks"), "none"),
    ],
)
def test_a_freeze_or_cool_down_stops_a_promotion(evidence: GateEvidence, restraint: Restraint, action: str) -> None:
    found, reason = restrain(decide(evidence, POLICY), restraint, has_champion=evidence.has_champion)
    assert found == action
    assert restraint.frozen is None or "two rollbacks" in reason

"""Checks of a contender alone: its lineage, its file in the serving code, and its accuracy against baselines."""

from dataclasses import replace
from math import nan
from statistics import NormalDist

import numpy as np

from shared.evaluation.arrays import Floats
from shared.evaluation.checks import EDGE, Check, Verdict, band_verdict
from shared.evaluation.evidence import HoldoutSales, InfraFacts, LineageFacts
from shared.evaluation.metrics import Band
from shared.evaluation.paired import DayBootstrap, Estimate, effective_sales, loss, wilson
from shared.evaluation.policy import Policy

LOSS_LEVEL = "loss_level"
"""The retrain policy compares later losses with the `hi` of this check."""


def lineage_checks(facts: LineageFacts | None, sales: HoldoutSales | None) -> list[Check]:
    """The lineage is complete, and no hold-out sale is among the training data of any model."""
    if facts is None:
        return [_missing("lineage"), _missing("no_overlap")]
    complete = Check(
        "lineage",
        "fail" if facts.missing else "pass",
        n=len(facts.missing),
        threshold=0.0,
        detail=", ".join(facts.missing),
    )
    if sales is None or len(sales) == 0:
        return [complete, _missing("no_overlap")]
    others = (facts.champion_cutoff, facts.anchor_cutoff)
    cutoff = max([facts.contender_cutoff, *(other for other in others if other is not None)])
    early = int(np.count_nonzero(sales.time < cutoff.timestamp()))
    overlap = Check(
        "no_overlap",
        "fail" if early else "pass",
        estimate=float(early),
        n=len(sales),
        threshold=0.0,
        detail=f"hold-out sales before the latest data cut-off {cutoff.isoformat()}",
    )
    return [complete, overlap]


def infra_checks(facts: InfraFacts | None, policy: Policy) -> list[Check]:
    """The file is the recorded one, loads in the serving code, and values all sales quickly and reproducibly."""
    names = ("artifact_sha256", "loads", "finite_positive", "golden_rows", "parity", "latency")
    if facts is None:
        return [_missing(name) for name in names]
    checks = [
        Check("artifact_sha256", "pass" if facts.sha256_matches else "fail"),
        Check("loads", "pass" if facts.loads else "fail", detail=facts.load_error),
    ]
    if facts.finite_positive is None:
        checks.append(_missing("finite_positive"))
    else:
        checks.append(Check("finite_positive", "pass" if facts.finite_positive else "fail"))
    rules = policy.infra
    enough = facts.golden_rows >= rules.golden_rows
    golden = facts.golden_difference if enough else None
    checks.append(_tolerance("golden_rows", golden, facts.golden_rows, rules.golden_tolerance))
    parity = facts.parity_difference if facts.parity_rows else None
    detail = "the file as it would be deployed, against the one that was judged"
    checks.append(_tolerance("parity", parity, facts.parity_rows, rules.parity_tolerance, detail))
    if facts.quick is None:
        checks.append(_missing("latency"))
    else:
        checks.append(Check("latency", "pass" if facts.quick else "fail", threshold=rules.max_latency_s))
    return checks


def _tolerance(name: str, difference: float | None, n: int, tolerance: float, detail: str = "") -> Check:
    if difference is None:
        return _missing(name)
    verdict: Verdict = "pass" if difference <= tolerance else "fail"
    return Check(name, verdict, estimate=difference, n=n, threshold=tolerance, detail=detail)


def sample_check(sales: HoldoutSales | None, policy: Policy) -> Check:
    """There are enough sales on enough days to judge by."""
    if sales is None:
        return _missing("sample")
    days = len(np.unique(sales.day))
    enough = len(sales) >= policy.holdout.min_sales and days >= policy.holdout.min_days
    return Check(
        "sample",
        "pass" if enough else "inconclusive",
        estimate=float(len(sales)),
        n=len(sales),
        threshold=float(policy.holdout.min_sales),
        detail=f"sales on {days} days, of which at least {policy.holdout.min_days} are needed",
    )


def baseline_checks(sales: HoldoutSales, bootstrap: DayBootstrap) -> list[Check]:
    """Mean and median absolute log error below those of every baseline (difference below 0, log units)."""
    return [
        *floor_checks(sales, bootstrap),
        *_beats("last_sale_carry", sales, sales.last_sale_carry, bootstrap),
        *_beats("trait_median", sales, sales.trait_median, bootstrap),
    ]


def floor_checks(sales: HoldoutSales, bootstrap: DayBootstrap) -> list[Check]:
    """The checks of `baseline_checks` against the floor alone."""
    return _beats("floor", sales, sales.floor, bootstrap)


def _beats(name: str, sales: HoldoutSales, values: Floats, bootstrap: DayBootstrap) -> list[Check]:
    valid = np.isfinite(values) & (values > 0)
    mine = loss(sales.price, sales.contender.value)[valid]
    theirs, day = loss(sales.price[valid], values[valid]), sales.day[valid]
    return [
        _from(f"beats_{name}_{kind}", _below_zero(estimate), estimate, 0.0)
        for kind, estimate in (
            ("mean", bootstrap.mean(mine - theirs, day)),
            ("median", bootstrap.median_difference(mine, theirs, day)),
        )
    ]


def bias_check(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """Median of (value - price) / price against the allowed band; see `band_verdict`."""
    rules = policy.absolute
    bias = bootstrap.median((sales.contender.value - sales.price) / sales.price, sales.day)
    verdict: Verdict = "inconclusive"
    if bias.n:
        verdict = band_verdict(
            bias.value, bias.lo, bias.hi, target=0.0, tolerance=rules.max_bias, resolution=rules.bias_resolution
        )
    return _from("bias", verdict, bias, rules.max_bias)


def coverage_checks(sales: HoldoutSales, compared: HoldoutSales | None, policy: Policy) -> list[Check]:
    """Share of prices inside each interval against nominal +- tolerance; see `band_verdict`.

    The bounds are Wilson's, for the effective number of sales. `compared` are sales that also have the champion's
    intervals. A share outside the band passes if the champion's share of the same sales is as far from nominal, within
    `coverage_slack`: a volatile month throws off every model's intervals, and rejecting the better model cures nothing.
    """
    if not sales.contender.bands:
        return [_missing("coverage")]
    checks = [_coverage(sales, band, policy) for band in sales.contender.bands]
    if compared is None or len(compared) < policy.holdout.min_sales:
        return checks
    return [check if check.verdict == "pass" else _against_champion(check, compared, policy) for check in checks]


def _against_champion(check: Check, compared: HoldoutSales, policy: Policy) -> Check:
    level, champion = check.threshold, compared.champion
    (ours,) = (band for band in compared.contender.bands if band.level == level)
    theirs = next((band for band in champion.bands if band.level == level), None) if champion is not None else None
    if level is None or theirs is None:
        return check
    own, other = (float(np.mean(_inside(band, compared))) for band in (ours, theirs))
    if abs(own - level) > abs(other - level) + policy.absolute.coverage_slack + EDGE:
        return check
    detail = f"{check.detail}; {check.verdict} by itself, but {own:.3f} where the champion's covers {other:.3f}"
    return replace(check, verdict="pass", detail=detail)


def _inside(band: Band, sales: HoldoutSales) -> Floats:
    return ((band.low <= sales.price) & (sales.price <= band.high)).astype(np.float64)


def _coverage(sales: HoldoutSales, band: Band, policy: Policy) -> Check:
    rules, n = policy.absolute, len(sales)
    hits = _inside(band, sales)
    share = float(np.mean(hits)) if n else nan
    effective = effective_sales(hits, sales.day)
    z = NormalDist().inv_cdf(policy.statistics.confidence)
    lo, hi = wilson(share * effective if n else 0.0, effective, z=z)
    verdict: Verdict = "inconclusive"
    if n:
        verdict = band_verdict(
            share, lo, hi, target=band.level, tolerance=rules.coverage_tolerance, resolution=rules.coverage_resolution
        )
    return Check(
        f"coverage_{round(100 * band.level)}",
        verdict,
        estimate=share,
        lo=lo,
        hi=hi,
        n=n,
        threshold=band.level,
        detail=f"nominal {band.level:.2f}, tolerance {rules.coverage_tolerance:.2f}, worth {effective:.0f} sales",
    )


def loss_level_check(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """Mean clipped absolute log error at the gate: reported, not judged."""
    clipped: Floats = np.minimum(loss(sales.price, sales.contender.value), policy.retrain.loss_cap)
    estimate = bootstrap.mean(clipped, sales.day)
    return _from(
        LOSS_LEVEL,
        "pass" if estimate.n else "inconclusive",
        estimate,
        policy.retrain.loss_cap,
        blocking=False,
    )


def _below_zero(estimate: Estimate) -> Verdict:
    if estimate.n == 0:
        return "inconclusive"
    if estimate.hi < 0:
        return "pass"
    return "fail" if estimate.lo >= 0 else "inconclusive"


def _from(name: str, verdict: Verdict, estimate: Estimate, threshold: float, *, blocking: bool = True) -> Check:
    if estimate.n == 0:
        return Check(name, verdict, n=0, threshold=threshold, blocking=blocking)
    return Check(name, verdict, estimate.value, estimate.lo, estimate.hi, estimate.n, threshold, blocking=blocking)


def _missing(name: str) -> Check:
    return Check(name, "error", detail="evidence is missing")

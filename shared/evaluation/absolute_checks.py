"""Checks of a contender by itself: where it comes from, whether its file works, how it compares to baselines."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from shared.evaluation.arrays import Floats
from shared.evaluation.checks import Check, Verdict
from shared.evaluation.evidence import HoldoutSales, InfraFacts, LineageFacts
from shared.evaluation.paired import DayBootstrap, Estimate, loss, wilson
from shared.evaluation.policy import Policy

LOSS_LEVEL = "loss_level"
"""Its `hi` is the level that the retrain policy holds later losses against."""


def lineage_checks(facts: LineageFacts | None, sales: HoldoutSales | None) -> list[Check]:
    """Complete lineage, and no sale that either model may have learnt from."""
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
    cutoff = max(facts.contender_cutoff, facts.champion_cutoff or facts.contender_cutoff)
    early = int(np.count_nonzero(sales.time < cutoff.timestamp()))
    overlap = Check(
        "no_overlap",
        "fail" if early else "pass",
        estimate=float(early),
        n=len(sales),
        threshold=0.0,
        detail=f"hold-out sales before the later data cut-off {cutoff.isoformat()}",
    )
    return [complete, overlap]


def infra_checks(facts: InfraFacts | None, policy: Policy) -> list[Check]:
    """The file is the recorded one, loads in the serving code, and values everything quickly and the same way."""
    names = ("artifact_sha256", "loads", "finite_positive", "golden_rows", "latency")
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
    if facts.golden_difference is None or facts.golden_rows < policy.infra.golden_rows:
        checks.append(_missing("golden_rows"))
    else:
        tolerance = policy.infra.golden_tolerance
        checks.append(
            Check(
                "golden_rows",
                "pass" if facts.golden_difference <= tolerance else "fail",
                estimate=facts.golden_difference,
                n=facts.golden_rows,
                threshold=tolerance,
            )
        )
    if facts.latency_s is None:
        checks.append(_missing("latency"))
    else:
        # The measured time stays out of the evidence: the same decision made twice must hash the same.
        limit = policy.infra.max_latency_s
        checks.append(Check("latency", "pass" if facts.latency_s <= limit else "fail", threshold=limit))
    return checks


def sample_check(sales: HoldoutSales | None, policy: Policy) -> Check:
    """Enough sales on enough days to say anything."""
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
    own = loss(sales.price, sales.contender.value)
    checks = []
    for name, values in (
        ("floor", sales.floor),
        ("last_sale_carry", sales.last_sale_carry),
        ("trait_median", sales.trait_median),
    ):
        known = np.isfinite(values) & (values > 0)
        mine, theirs, day = own[known], loss(sales.price[known], values[known]), sales.day[known]
        for kind, estimate in (
            ("mean", bootstrap.mean(mine - theirs, day)),
            ("median", bootstrap.median_difference(mine, theirs, day)),
        ):
            checks.append(_from(f"beats_{name}_{kind}", _below_zero(estimate), estimate, 0.0))
    return checks


def bias_check(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """Median of (value - price) / price: fails when its interval lies outside the allowed band."""
    limit = policy.absolute.max_bias
    estimate = bootstrap.median((sales.contender.value - sales.price) / sales.price, sales.day)
    verdict: Verdict = "inconclusive"
    if estimate.n:
        verdict = "pass" if estimate.lo <= limit and estimate.hi >= -limit else "fail"
    return _from("bias", verdict, estimate, limit)


def coverage_checks(sales: HoldoutSales, policy: Policy) -> list[Check]:
    """Share of prices inside each interval: fails when its Wilson interval misses nominal +- tolerance."""
    if not sales.contender.bands:
        return [_missing("coverage")]
    z = NormalDist().inv_cdf(policy.statistics.confidence)
    tolerance, n = policy.absolute.coverage_tolerance, len(sales)
    checks = []
    for band in sales.contender.bands:
        inside = int(np.count_nonzero((band.low <= sales.price) & (sales.price <= band.high)))
        lo, hi = wilson(inside, n, z=z)
        verdict: Verdict = "inconclusive"
        if n:
            verdict = "pass" if lo <= band.level + tolerance and hi >= band.level - tolerance else "fail"
        checks.append(
            Check(
                f"coverage_{round(100 * band.level)}",
                verdict,
                estimate=inside / n if n else None,
                lo=lo,
                hi=hi,
                n=n,
                threshold=band.level,
                detail=f"nominal {band.level:.2f}, tolerance {tolerance:.2f}",
            )
        )
    return checks


def loss_level_check(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """Mean clipped absolute log error at gate time. Reported, not judged."""
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

"""Checks of a contender by itself: where it comes from, whether its file works, how it compares to baselines."""

from __future__ import annotations

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
"""Its `hi` is the level that the retrain policy holds later losses against."""


def lineage_checks(facts: LineageFacts | None, sales: HoldoutSales | None) -> list[Check]:
    """Complete lineage, and no sale that any of the models may have learnt from."""
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
    """The file is the recorded one, loads in the serving code, and values everything quickly and the same way."""
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
    if facts.parity_difference is None or facts.parity_rows == 0:
        checks.append(_missing("parity"))
    else:
        tolerance = policy.infra.parity_tolerance
        checks.append(
            Check(
                "parity",
                "pass" if facts.parity_difference <= tolerance else "fail",
                estimate=facts.parity_difference,
                n=facts.parity_rows,
                threshold=tolerance,
                detail="the file as it would be deployed, against the one that was judged",
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
    return [
        *floor_checks(sales, bootstrap),
        *_beats("last_sale_carry", sales, sales.last_sale_carry, bootstrap),
        *_beats("trait_median", sales, sales.trait_median, bootstrap),
    ]


def floor_checks(sales: HoldoutSales, bootstrap: DayBootstrap) -> list[Check]:
    """The same for the floor alone."""
    return _beats("floor", sales, sales.floor, bootstrap)


def _beats(name: str, sales: HoldoutSales, values: Floats, bootstrap: DayBootstrap) -> list[Check]:
    known = np.isfinite(values) & (values > 0)
    mine = loss(sales.price, sales.contender.value)[known]
    theirs, day = loss(sales.price[known], values[known]), sales.day[known]
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
    found = bootstrap.median((sales.contender.value - sales.price) / sales.price, sales.day)
    verdict: Verdict = "inconclusive"
    if found.n:
        verdict = band_verdict(
            found.value, found.lo, found.hi, target=0.0, tolerance=rules.max_bias, resolution=rules.bias_resolution
        )
    return _from("bias", verdict, found, rules.max_bias)


def coverage_checks(sales: HoldoutSales, beside: HoldoutSales | None, policy: Policy) -> list[Check]:
    """Share of prices inside each interval against nominal +- tolerance; see `band_verdict`.

    Wilson's interval for as many sales as the clustered ones are worth. `beside` are sales with the champion's
    intervals, too: where a share is off the band, but no further from nominal than the champion's on the same sales
    (and a little), it passes. A wild month throws every model's intervals off, and refusing the better one mends
    nothing.
    """
    if not sales.contender.bands:
        return [_missing("coverage")]
    checks = [_coverage(sales, band, policy) for band in sales.contender.bands]
    if beside is None or len(beside) < policy.holdout.min_sales:
        return checks
    return [check if check.verdict == "pass" else _beside_champion(check, beside, policy) for check in checks]


def _beside_champion(check: Check, beside: HoldoutSales, policy: Policy) -> Check:
    level, champion = check.threshold, beside.champion
    (ours,) = (band for band in beside.contender.bands if band.level == level)
    theirs = next((band for band in champion.bands if band.level == level), None) if champion is not None else None
    if level is None or theirs is None:
        return check
    own, other = (float(np.mean(_inside(band, beside))) for band in (ours, theirs))
    if abs(own - level) > abs(other - level) + policy.absolute.coverage_slack + EDGE:
        return check
    told = f"{check.detail}; {check.verdict} by itself, but {own:.3f} where the champion's covers {other:.3f}"
    return replace(check, verdict="pass", detail=told)


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

"""Checks of a contender against the champion: on the same sales, and on the values themselves."""

from __future__ import annotations

import numpy as np

from shared.evaluation.arrays import Mask
from shared.evaluation.checks import Check, Verdict
from shared.evaluation.evidence import BlastFacts, HoldoutSales, Predictions, SnapshotValues
from shared.evaluation.paired import DayBootstrap, loss, non_inferiority
from shared.evaluation.policy import Policy
from shared.market.tiers import TIERS, tier_of
from shared.units import DAY_S

_VERDICTS: dict[str, Verdict] = {"not_worse": "pass", "worse": "fail", "inconclusive": "inconclusive"}


def non_inferiority_check(
    name: str, sales: HoldoutSales, other: Predictions, bootstrap: DayBootstrap, policy: Policy
) -> Check:
    """The mandatory overall slice: mean paired difference of absolute log errors against the margin."""
    margin = policy.non_inferiority.margin
    if len(sales) == 0:
        return Check(name, "inconclusive", n=0, threshold=margin)
    found = non_inferiority(
        sales.price, sales.contender.value, other.value, sales.day, margin=margin, bootstrap=bootstrap
    )
    d = found.difference
    return Check(
        name,
        _VERDICTS[found.outcome],
        d.value,
        d.lo,
        d.hi,
        d.n,
        margin,
        detail=f"mean difference of absolute log errors on {d.days} days",
    )


def published_check(name: str, sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """The contender against what the champion published, where the champion itself cannot be asked any more.

    Too few published values only report: then the absolute checks alone decide. A policy that says nothing of it leaves
    the contender to a person.
    """
    rules = policy.unsupported_champion
    if rules is None:
        told = f"a policy of version {policy.version} has no unsupported_champion: a person decides"
        return Check(name, "inconclusive", detail=told)
    if sales.published is None:
        return Check(name, "error", detail="the champion's published values are missing")
    known = np.isfinite(sales.published)
    n = int(np.count_nonzero(known))
    told = f"values that the champion published, of which at least {rules.min_published} count"
    if n == 0:
        return Check(name, "inconclusive", n=0, threshold=rules.margin, detail=told, blocking=False)
    found = non_inferiority(
        sales.price[known],
        sales.contender.value[known],
        sales.published[known],
        sales.day[known],
        margin=rules.margin,
        bootstrap=bootstrap,
    )
    d, enough = found.difference, n >= rules.min_published
    verdict = _VERDICTS[found.outcome] if enough else "inconclusive"
    return Check(name, verdict, d.value, d.lo, d.hi, d.n, rules.margin, detail=told, blocking=enough)


def slice_checks(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> list[Check]:
    """No slice may be worse by more than the slice margin: proven, it fails; not ruled out, it is inconclusive.

    Small slices only report.
    """
    assert sales.champion is not None
    rules = policy.slices
    difference = loss(sales.price, sales.contender.value) - loss(sales.price, sales.champion.value)
    checks = []
    for name, rows in _slices(sales, policy).items():
        n = int(np.count_nonzero(rows))
        if n == 0:
            checks.append(Check(f"slice_{name}", "inconclusive", n=0, threshold=rules.margin, blocking=False))
            continue
        d = bootstrap.mean(difference[rows], sales.day[rows])
        verdict: Verdict = "inconclusive"
        if n >= rules.min_sales:
            verdict = "fail" if d.lo > rules.margin else "pass" if d.value <= rules.margin else "inconclusive"
        checks.append(
            Check(f"slice_{name}", verdict, d.value, d.lo, d.hi, n, rules.margin, blocking=n >= rules.min_sales)
        )
    return checks


def blast_radius_checks(values: SnapshotValues | BlastFacts | None, policy: Policy) -> list[Check]:
    """Within the limits: the automatic path. Beyond: inconclusive, whatever the offline score; shadow first."""
    limits = policy.blast_radius
    facts = values.measured() if isinstance(values, SnapshotValues) else values
    if facts is None or facts.radius is None:
        why = "no nowcast snapshot to value with both models" if facts is None else facts.error
        return [Check(name, "error", detail=why) for name in ("blast_mean", "blast_p99", "blast_median")]
    radius = facts.radius
    return [
        _within("blast_mean", radius.mean, radius.n, limits.max_mean),
        _within("blast_p99", radius.p99, radius.n, limits.max_p99),
        _within("blast_median", radius.median_signed, radius.n, limits.max_median),
    ]


def _within(name: str, estimate: float, n: int, limit: float) -> Check:
    inside = abs(estimate) <= limit
    return Check(
        name,
        "pass" if inside else "inconclusive",
        estimate=estimate,
        n=n,
        threshold=limit,
        detail="" if inside else "outside the automatic path: shadow first",
    )


def _slices(sales: HoldoutSales, policy: Policy) -> dict[str, Mask]:
    """Premium segments as the champion sees them, rare types, and the most recent days of the hold-out."""
    assert sales.champion is not None
    segment = tier_of(sales.champion.value / sales.floor)
    slices: dict[str, Mask] = {name: segment == index for index, name in enumerate(TIERS)}
    slices["rare_types"] = sales.rare
    newest = int(sales.time.max()) if len(sales) else 0
    slices["recent"] = sales.time > newest - policy.slices.recent_days * DAY_S
    return slices

"""Checks of a contender against the champion: on the same sales, and on the values themselves."""

import numpy as np

from shared.evaluation.arrays import Mask
from shared.evaluation.checks import Check, Verdict
from shared.evaluation.evidence import BlastFacts, HoldoutSales, Predictions
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
    result = non_inferiority(
        sales.price, sales.contender.value, other.value, sales.day, margin=margin, bootstrap=bootstrap
    )
    d = result.difference
    return Check(
        name,
        _VERDICTS[result.outcome],
        d.value,
        d.lo,
        d.hi,
        d.n,
        margin,
        detail=f"mean difference of absolute log errors on {d.days} days",
    )


def published_check(name: str, sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> Check:
    """The contender against the values that an unsupported champion published.

    With too few of them the check only reports, and the absolute checks decide. Under a policy without rules for it, a
    person decides.
    """
    rules = policy.unsupported_champion
    if rules is None:
        detail = f"a policy of version {policy.version} has no unsupported_champion: a person decides"
        return Check(name, "inconclusive", detail=detail)
    if sales.published is None:
        return Check(name, "error", detail="the champion's published values are missing")
    finite = np.isfinite(sales.published)
    n = int(np.count_nonzero(finite))
    detail = f"values that the champion published, of which at least {rules.min_published} count"
    if n == 0:
        return Check(name, "inconclusive", n=0, threshold=rules.margin, detail=detail, blocking=False)
    result = non_inferiority(
        sales.price[finite],
        sales.contender.value[finite],
        sales.published[finite],
        sales.day[finite],
        margin=rules.margin,
        bootstrap=bootstrap,
    )
    d, enough = result.difference, n >= rules.min_published
    verdict = _VERDICTS[result.outcome] if enough else "inconclusive"
    return Check(name, verdict, d.value, d.lo, d.hi, d.n, rules.margin, detail=detail, blocking=enough)


def slice_checks(sales: HoldoutSales, bootstrap: DayBootstrap, policy: Policy) -> list[Check]:
    """Is any slice worse than the champion by more than the slice margin?

    Proof fails the check; an estimate above the margin is inconclusive. Small slices only report.
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


def blast_radius_checks(facts: BlastFacts | None, policy: Policy) -> list[Check]:
    """Beyond a limit the check is inconclusive, however good the score: a shadow has to come first."""
    limits = policy.blast_radius
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
    """Premium tiers by the champion's values, rare types, and the last days of the hold-out."""
    assert sales.champion is not None
    segment = tier_of(sales.champion.value / sales.floor)
    slices: dict[str, Mask] = {name: segment == index for index, name in enumerate(TIERS)}
    slices["rare_types"] = np.isin(np.arange(len(sales)), sales.rare)
    newest = int(sales.time.max()) if len(sales) else 0
    slices["recent"] = sales.time > newest - policy.slices.recent_days * DAY_S
    return slices

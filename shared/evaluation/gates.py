"""The gate: a pure function from evidence to a decision."""

from typing import Literal

from pydantic.dataclasses import dataclass

from shared.evaluation import absolute_checks, relative_checks
from shared.evaluation.canonical import RECORDED
from shared.evaluation.checks import Check, Verdict, overall
from shared.evaluation.evidence import GateEvidence, HoldoutSales
from shared.evaluation.metrics import Scorecard, scorecard
from shared.evaluation.paired import DayBootstrap
from shared.evaluation.policy import Policy

Action = Literal["promote", "start_shadow", "reject", "none"]
NON_INFERIORITY = "non_inferiority"
CONFIRMED = "non_inferiority_confirmed"
"""Non-inferiority against the last confirmed champion."""
PUBLISHED = "non_inferiority_published"
"""Non-inferiority against the published values of a champion that the code cannot serve any more."""


@dataclass(frozen=True)
class GateResult:
    """The checks and what follows; `scorecards` of contender, champion and floor on the same sales."""

    checks: tuple[Check, ...]
    verdict: Verdict
    action: Action
    reason: str
    scorecards: dict[str, Scorecard]


@dataclass(frozen=True, config=RECORDED)
class Restraint:
    """What prevents an automatic promotion or another shadow now, whatever the evidence."""

    frozen: str | None = None
    cooling_until: str | None = None
    warming: str | None = None  # a promoted model in its warm-up, which has a fallback
    shadow_places: int = 1

    @property
    def obstacle(self) -> str | None:
        """What prevents every automatic promotion."""
        if self.frozen is not None:
            return f"promotions are frozen: {self.frozen}"
        if self.cooling_until is not None:
            return f"no automatic promotion until {self.cooling_until} (cool-down after a rollback)"
        return None


def shadow_obstacle(restraint: Restraint, *, on_probation: str | None) -> str | None:
    """Why a shadow that passed its test must wait.

    A shadow's margin is wider than the gate's, so it is never promoted on top of an unconfirmed promotion.
    """
    return restraint.obstacle or (None if on_probation is None else f"{on_probation} is on probation")


def decide(evidence: GateEvidence, policy: Policy) -> GateResult:
    """Judge a contender.

    Any error or failure rejects. An inconclusive check (too few sales, non-inferiority neither shown nor refuted, a
    large blast radius) starts a shadow. Without a champion a person decides, unless the policy tolerates the check for
    a first champion. While the champion is on probation, the last confirmed one is compared too: small steps, each
    within the margin, must not add up to a large one.

    A champion that the running code cannot serve has no values here and publishes none. The contender is then compared
    with that champion's published values, by a section of the policy; a person decides instead of a shadow.
    """
    bootstrap = DayBootstrap(policy.statistics.bootstrap_draws, policy.statistics.confidence, policy.statistics.seed)
    checks = [
        *absolute_checks.lineage_checks(evidence.lineage, evidence.sales),
        *absolute_checks.infra_checks(evidence.infra, policy),
        absolute_checks.sample_check(evidence.sales, policy),
    ]
    sales = evidence.sales
    cards: dict[str, Scorecard] = {}
    if sales is not None and not sales.usable():
        checks.append(
            Check("values", "fail", n=len(sales), detail="a price, floor or value is not finite and positive")
        )
    elif sales is not None:
        checks += _judge(sales, evidence, bootstrap, policy)
        cards = _scorecards(sales)
    if evidence.champion_values:
        checks += relative_checks.blast_radius_checks(evidence.blast, policy)
    verdict = overall(checks)
    action = _action(verdict, has_champion=evidence.champion_values)
    reason = _reason(checks, verdict)
    if action == "none":
        tolerated, of = _tolerated(evidence, policy)
        if _blocking(checks, verdict).keys() <= tolerated:
            action, reason = "promote", f"{reason}; the policy tolerates it {of}"
    if action == "promote" and evidence.champion_values and policy.promotion.mode == "shadow_first":
        action, reason = "start_shadow", f"{reason}; the policy promotes from the shadow only"
    if evidence.champion_unsupported is not None:
        reason = f"{reason}; this code cannot serve the champion ({evidence.champion_unsupported.reason})"
    return GateResult(tuple(check.rounded() for check in checks), verdict, action, reason, cards)


def restrain(result: GateResult, restraint: Restraint, *, has_champion: bool) -> tuple[Action, str]:
    """The action and its reason after freezes, the cool-down and the limit of running shadows.

    `has_champion`: a shadow has a champion to be compared with.
    """
    action, reason = result.action, result.reason
    obstacle = restraint.obstacle
    if obstacle is None and restraint.warming is not None:
        obstacle = f"{restraint.warming} is in its warm-up"
    if action == "promote" and obstacle is not None:
        action, reason = ("start_shadow" if has_champion else "none"), f"{reason}; {obstacle}"
    if action == "start_shadow" and restraint.shadow_places < 1:
        action, reason = "reject", f"{reason}; every place for a shadow is taken"
    return action, reason


def _judge(sales: HoldoutSales, evidence: GateEvidence, bootstrap: DayBootstrap, policy: Policy) -> list[Check]:
    checks = [
        *absolute_checks.baseline_checks(sales, bootstrap),
        absolute_checks.bias_check(sales, bootstrap, policy),
        *absolute_checks.coverage_checks(sales, sales, policy),
        absolute_checks.loss_level_check(sales, bootstrap, policy),
    ]
    if evidence.champion_unsupported is not None:
        checks.append(relative_checks.published_check(PUBLISHED, sales, bootstrap, policy))
    left_out = _left_out(evidence)
    if left_out:
        checks.append(Check(CONFIRMED, "inconclusive", detail=left_out, blocking=False))
    others = (
        (NON_INFERIORITY, evidence.champion_values, sales.champion),
        (CONFIRMED, evidence.has_anchor and not left_out, sales.anchor),
    )
    for name, required, other in others:
        if required and other is None:
            checks.append(Check(name, "error", detail="the other model's values are missing"))
        elif required and other is not None:
            checks.append(relative_checks.non_inferiority_check(name, sales, other, bootstrap, policy))
    if evidence.champion_values and sales.champion is not None:
        checks += relative_checks.slice_checks(sales, bootstrap, policy)
    return checks


def _left_out(evidence: GateEvidence) -> str:
    """Why the comparison with the last confirmed champion is left out, although there is one; else empty."""
    if not evidence.has_anchor:
        return ""
    if evidence.champion_unsupported is not None:
        return "left out: not even the champion can be served"
    if evidence.anchor_unsupported is not None:
        return f"left out: this code cannot serve the last confirmed champion ({evidence.anchor_unsupported})"
    return ""


def _scorecards(sales: HoldoutSales) -> dict[str, Scorecard]:
    cards = {
        "contender": scorecard(sales.price, sales.contender.value, sales.contender.bands),
        "floor": scorecard(sales.price, sales.floor),
    }
    if sales.champion is not None:
        cards["champion"] = scorecard(sales.price, sales.champion.value, sales.champion.bands)
    return cards


def _action(verdict: Verdict, *, has_champion: bool) -> Action:
    if verdict == "pass":
        return "promote"
    if verdict == "inconclusive":
        return "start_shadow" if has_champion else "none"
    return "reject"


def _tolerated(evidence: GateEvidence, policy: Policy) -> tuple[frozenset[str], str]:
    """The checks that may be inconclusive where no shadow can run, and when the policy says so."""
    if not evidence.has_champion:
        return policy.promotion.first_tolerates, "of a first champion"
    rules = policy.unsupported_champion
    return frozenset() if rules is None else rules.tolerates, "while the champion cannot be served"


def _reason(checks: list[Check], verdict: Verdict) -> str:
    if verdict == "pass":
        return "every check passed"
    return f"{verdict}: {', '.join(_blocking(checks, verdict))}"


def _blocking(checks: list[Check], verdict: Verdict) -> dict[str, Check]:
    """The checks that caused this overall verdict, by name, in order."""
    return {c.name: c for c in checks if c.verdict == verdict and (c.blocking or verdict in ("error", "fail"))}

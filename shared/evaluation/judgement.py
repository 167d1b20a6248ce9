"""From recorded inputs to a decision. The platform decides by these functions, and an audit decides again by them.

Each function parses its inputs from their canonical JSON, so it judges only what is on record. Inputs that it does not
parse (who is compared, ids) are recorded with the others. The same inputs give the same text, byte for byte.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic import dataclasses as pydantic

from shared.errors import problems
from shared.evaluation import absolute_checks
from shared.evaluation.arrays import FloatColumn, IntColumn
from shared.evaluation.canonical import RECORDED, canonical_json
from shared.evaluation.checks import Action, Check, Inputs, Judgement, Verdict, overall
from shared.evaluation.eprocess import EState
from shared.evaluation.evidence import GateEvidence, HoldoutSales, Predictions
from shared.evaluation.gates import Restraint, decide, restrain
from shared.evaluation.metrics import Band
from shared.evaluation.paired import DayBootstrap
from shared.evaluation.policy import Policy
from shared.evaluation.watch import TripFacts, promotion_outcome, shadow_outcome
from shared.units import DAY_S

RULES = 3
"""Version of the way from inputs to a decision. Another version of the code judges records with another number."""
REASON_LENGTH = 2000
_OUTCOMES = ("rules", "checks", "scorecards", "verdict", "action", "reason")
_TEST: dict[str, Verdict] = {"not_worse": "pass", "worse": "fail", "expired": "inconclusive"}
_ACTS: dict[str, Verdict] = {"promote": "pass", "rollback": "fail", "quarantine": "fail"}


class UnjudgeableError(ValueError):
    """The decision does not follow from the inputs: they are incomplete, or nothing follows from them."""


class _Recorded(BaseModel):
    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, inputs: Inputs) -> Self:
        """Raises pydantic.ValidationError (a ValueError): an input is missing, malformed or of another type."""
        return cls.model_validate_json(canonical_json(inputs), strict=True)


class GateInputs(_Recorded):
    """The evidence about a contender, what restrains its promotion, and the archived files it was taken from."""

    evidence: GateEvidence
    restraint: Restraint
    model: str
    champion: str | None = None
    anchor: str | None = None
    nowcast_snapshot: str | None = None


@pydantic.dataclass(frozen=True, config=RECORDED)
class FreshSales:
    """A shadow's outcomes, shape (n,): ETH, UTC seconds, and whether the price lay in the interval (0 or 1)."""

    price: FloatColumn
    floor: FloatColumn
    value: FloatColumn
    time: IntColumn
    in80: IntColumn
    in90: IntColumn

    def as_sales(self) -> HoldoutSales:
        """As sales of the contender alone. An interval holds the price alone, or it ends at 0 and holds no price."""
        unknown = np.full(len(self.price), np.nan)
        bands = tuple(
            Band(level, self.price * inside, self.price * inside)
            for level, inside in ((0.8, self.in80), (0.9, self.in90))
        )
        return HoldoutSales(
            price=self.price,
            floor=self.floor,
            last_sale_carry=unknown,
            trait_median=unknown,
            time=self.time,
            rare=np.empty(0, dtype=np.int64),
            contender=Predictions(self.value, bands),
            champion=None,
        )


class _TestInputs(_Recorded):
    """A paired test: the sales it counts, and the wealth of each bet."""

    sales: int
    wealth_worse: tuple[float, ...] = Field(min_length=1)
    wealth_better: tuple[float, ...] = Field(min_length=1)

    @property
    def state(self) -> EState:
        return EState(self.sales, self.wealth_worse, self.wealth_better)


class ShadowInputs(_TestInputs):
    """A shadow's test, times and fresh sales. `holdout` is None when its gate is too old to hold one."""

    first_started_at: AwareDatetime
    decided_at: AwareDatetime
    holdout: HoldoutSales | None
    fresh: FreshSales


class WaitingInputs(_Recorded):
    since: AwareDatetime
    decided_at: AwareDatetime


class RollbackInputs(_TestInputs):
    trip: TripFacts | None


class ConfirmInputs(_TestInputs):
    """`sales` counts the transactions scored since the promotion."""

    nowcasts: int
    warm: bool
    since: AwareDatetime
    until: AwareDatetime


class OperatorInputs(_Recorded):
    """What a person did, and the reason that the person gave."""

    act: Literal["promote", "rollback", "quarantine"]
    said: str


def again(kind: str, evidence: str, policy: Policy) -> Judgement:
    """Make a recorded decision again from its evidence.

    Raises:
        UnjudgeableError: no such evidence, or another version of the rules judged it.
    """
    try:
        recorded = json.loads(evidence)
        rules = recorded["rules"]
        judge = _JUDGES[kind]
    except (ValueError, KeyError, TypeError) as error:
        raise UnjudgeableError(f"it holds no inputs to judge again ({type(error).__name__}: {error})") from error
    if rules != RULES:
        raise UnjudgeableError(
            f"it was judged by rules {rules}, this release has rules {RULES}: use the release that made the decision"
        )
    inputs = {name: value for name, value in recorded.items() if name not in _OUTCOMES}
    try:
        return judge(inputs, policy)
    except UnjudgeableError:
        raise
    except ValidationError as error:
        raise UnjudgeableError(f"its inputs are damaged: {problems(error)}") from error
    except (ValueError, IndexError) as error:
        raise UnjudgeableError(f"its inputs are damaged ({type(error).__name__}: {error})") from error


def gate(inputs: Inputs, policy: Policy) -> Judgement:
    """Judge a contender by its `GateInputs`."""
    recorded = GateInputs.of(inputs)
    evidence, restraint = recorded.evidence, recorded.restraint
    result = decide(evidence, policy)
    if evidence.champion_unsupported is not None:
        # Such a champion never completes its warm-up; waiting for that would leave the platform without a nowcast.
        restraint = replace(restraint, warming=None)
    action, reason = restrain(result, restraint, has_champion=evidence.champion_values)
    return _judged(inputs, result.checks, result.verdict, action, reason, scorecards=result.scorecards)


def shadow(inputs: Inputs, policy: Policy) -> Judgement:
    """Judge a shadow's end by its `ShadowInputs`.

    Being no worse than the champion is not enough. The checks of the contender alone are repeated on the hold-out and
    the fresh sales together. While they stay inconclusive the action is "none", and the shadow runs until its time is
    up. Outcomes hold no last-sale carry and no trait medians. The champion's gate checked those two baselines, and the
    test shows that the shadow is not worse than the champion.
    """
    recorded = ShadowInputs.of(inputs)
    state, now = recorded.state, recorded.decided_at
    outcome = shadow_outcome(state, first_started_at=recorded.first_started_at, now=now, policy=policy)
    if outcome is None:
        raise UnjudgeableError("the shadow's test has not ended")
    summary = f"shadow {outcome} after {state.n} sales: E {state.e_worse:.2f} worse, {state.e_better:.2f} better"
    test = Check(
        "shadow_test",
        _TEST[outcome],
        estimate=state.e_better,
        n=state.n,
        threshold=policy.sequential.threshold,
        detail=f"E of not worse by the margin; E of worse is {state.e_worse:.2f}",
    ).rounded()
    if outcome != "not_worse":
        return _judged(inputs, (test,), _TEST[outcome], "reject", summary)
    checks = (test, *(check.rounded() for check in _repeated_checks(recorded, policy)))
    verdict = overall(checks)
    if verdict == "pass":
        return _judged(inputs, checks, "pass", "promote", summary)
    names = ", ".join(check.name for check in checks if check.verdict == verdict)
    days = (now - recorded.first_started_at).total_seconds() / DAY_S
    over = days >= policy.shadow.max_days or state.n >= policy.shadow.max_sales
    if verdict == "inconclusive" and not over:
        return _judged(inputs, checks, verdict, "none", f"{summary}; {verdict}: {names}")
    expired = "expired with " if verdict == "inconclusive" else ""
    return _judged(inputs, checks, verdict, "reject", f"{summary}; {expired}{verdict}: {names}")


def waiting(inputs: Inputs, policy: Policy) -> Judgement:
    """Reject a contender whose time to wait for a person is up."""
    recorded = WaitingInputs.of(inputs)
    days = (recorded.decided_at - recorded.since).total_seconds() / DAY_S
    limit = policy.inconclusive.max_days
    if days < limit:
        raise UnjudgeableError("the contender may still wait")
    waited = Check("waited", "inconclusive", estimate=days, threshold=limit, detail="days without a decision").rounded()
    return _judged(
        inputs, (waited,), "inconclusive", "reject", f"expired: nobody decided about it within {days:.0f} days"
    )


def rollback(inputs: Inputs, policy: Policy) -> Judgement:
    """Take the promoted model down: after a hard trip, or once its test proves that it is worse."""
    recorded = RollbackInputs.of(inputs)
    state = recorded.state
    reason = None if recorded.trip is None else recorded.trip.trip(policy)
    if reason is None and state.e_worse < policy.sequential.threshold:
        raise UnjudgeableError("neither a hard trip nor proof of being worse")
    reason = reason or f"worse than the previous champion on the same sales: E = {state.e_worse:.1f} after {state.n}"
    return _judged(inputs, (), "fail", "rollback", reason)


def confirm(inputs: Inputs, policy: Policy) -> Judgement:
    """Confirm a promotion: enough sales or days without a trip, or proof of being better."""
    recorded = ConfirmInputs.of(inputs)
    state = recorded.state
    outcome = promotion_outcome(
        state,
        sales=recorded.sales,
        nowcasts=recorded.nowcasts,
        warm=recorded.warm,
        started_at=recorded.since,
        now=recorded.until,
        policy=policy,
    )
    if outcome != "confirm":
        raise UnjudgeableError("nothing confirms the promotion yet")
    reason = f"{recorded.sales} sales since {recorded.since:%Y-%m-%d} without a trip, E_better {state.e_better:.2f}"
    return _judged(inputs, (), "pass", "confirm", reason)


def operator(inputs: Inputs, policy: Policy) -> Judgement:
    """Record what a person did; nothing is weighed."""
    del policy
    recorded = OperatorInputs.of(inputs)
    return _judged(inputs, (), _ACTS[recorded.act], recorded.act, recorded.said)


def _gate_or_waiting(inputs: Inputs, policy: Policy) -> Judgement:
    return waiting(inputs, policy) if "since" in inputs else gate(inputs, policy)


_JUDGES: dict[str, Callable[[Inputs, Policy], Judgement]] = {
    "gate": _gate_or_waiting,
    "shadow": shadow,
    "rollback": rollback,
    "confirm": confirm,
    "operator": operator,
}


def _judged(
    inputs: Inputs, checks: tuple[Check, ...], verdict: Verdict, action: Action, reason: str, **more: object
) -> Judgement:
    reason = reason[:REASON_LENGTH]
    outcome = {"rules": RULES, "checks": checks, "verdict": verdict, "action": action, "reason": reason}
    return Judgement(checks, verdict, action, reason, canonical_json({**inputs, **outcome, **more}))


def _repeated_checks(recorded: ShadowInputs, policy: Policy) -> list[Check]:
    """The checks of the contender alone, on its hold-out and its fresh sales.

    The hold-out has the intervals of the champion at the gate; fresh sales have only the shadow's.
    """
    rules, holdout = policy.statistics, recorded.holdout
    bootstrap = DayBootstrap(rules.bootstrap_draws, rules.confidence, rules.seed)
    sales = recorded.fresh.as_sales()
    sales = sales if holdout is None else _together(holdout, sales)
    if not sales.usable():
        return [Check("values", "fail", n=len(sales), detail="a price, floor or value is not finite and positive")]
    return [
        absolute_checks.sample_check(sales, policy),
        *absolute_checks.floor_checks(sales, bootstrap),
        absolute_checks.bias_check(sales, bootstrap, policy),
        *absolute_checks.coverage_checks(sales, holdout, policy),
    ]


def _together(holdout: HoldoutSales, fresh: HoldoutSales) -> HoldoutSales:
    bands = tuple(
        Band(old.level, np.concatenate([old.low, new.low]), np.concatenate([old.high, new.high]))
        for old, new in zip(holdout.contender.bands, fresh.contender.bands, strict=True)
    )
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(holdout, name), getattr(fresh, name)])
        for name in ("price", "floor", "last_sale_carry", "trait_median", "time")
    }
    return HoldoutSales(
        **columns,
        rare=holdout.rare,
        contender=Predictions(np.concatenate([holdout.contender.value, fresh.contender.value]), bands),
        champion=None,
    )

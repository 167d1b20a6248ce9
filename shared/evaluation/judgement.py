"""From recorded inputs to a decision. The platform decides by these functions, and an audit decides again by them.

Every function first sends its inputs through canonical JSON, so that it judges what will be on record and nothing else.
The text it returns holds the inputs and what came of them: the same inputs give the same text, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np

from shared.evaluation import absolute_checks, gate_record
from shared.evaluation.canonical import canonical_json
from shared.evaluation.checks import Check, Verdict, overall
from shared.evaluation.eprocess import EState
from shared.evaluation.evidence import HoldoutSales, Predictions
from shared.evaluation.gates import Restraint, decide, restrain
from shared.evaluation.metrics import Band
from shared.evaluation.paired import DayBootstrap
from shared.evaluation.policy import Policy
from shared.evaluation.watch import shadow_outcome
from shared.evaluation.watch_record import confirm_outcome, trip_of
from shared.units import DAY_S

RULES = 3
"""Of the way from inputs to a decision. Another number: judged by another version of this code."""
REASON_LENGTH = 2000
_OUTCOMES = ("rules", "checks", "scorecards", "verdict", "action", "reason")
_TEST: dict[str, Verdict] = {"not_worse": "pass", "worse": "fail", "expired": "inconclusive"}
Inputs = Mapping[str, Any]
Action = Literal["promote", "start_shadow", "reject", "rollback", "confirm", "quarantine", "none"]


class UnjudgeableError(ValueError):
    """The inputs do not bear the decision out: they are incomplete, or nothing follows from them."""


@dataclass(frozen=True)
class Judgement:
    """A decision and the text it can be made from again."""

    checks: tuple[Check, ...]
    verdict: Verdict
    action: Action
    reason: str
    evidence: str


def again(kind: str, evidence: str, policy: Policy) -> Judgement:
    """Make a recorded decision anew from its evidence.

    Raises:
        UnjudgeableError: not such an evidence, or one that another version of the rules has judged.
    """
    try:
        recorded = json.loads(evidence)
        rules = recorded["rules"]
        judge = _JUDGES[kind]
    except (ValueError, KeyError, TypeError) as error:
        raise UnjudgeableError(f"it holds no inputs to judge again ({type(error).__name__}: {error})") from error
    if rules != RULES:
        raise UnjudgeableError(f"it was judged by rules {rules}, this version knows {RULES}: use the version of then")
    inputs = {name: value for name, value in recorded.items() if name not in _OUTCOMES}
    try:
        return judge(inputs, policy)
    except UnjudgeableError:
        raise
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UnjudgeableError(f"its inputs are damaged ({type(error).__name__}: {error})") from error


def patience(action: Action, policy: Policy) -> timedelta | None:
    """How long a decision may leave a model undecided; None: it leaves nothing open."""
    if action == "start_shadow":
        return timedelta(days=policy.shadow.max_days)
    return timedelta(days=policy.inconclusive.max_days) if action == "none" else None


def gate(inputs: Inputs, policy: Policy) -> Judgement:
    """A contender: `gate_record.to_plain` under `evidence`, a `Restraint` under `restraint`, and who is compared."""
    plain = _on_record(inputs)
    evidence = gate_record.from_plain(plain["evidence"], policy)
    result = decide(evidence, policy)
    restraint = Restraint(**plain["restraint"])
    if evidence.champion_unsupported is not None:
        # It will not be seen at work; waiting for that would keep the platform without a nowcast.
        restraint = replace(restraint, warming=None)
    action, reason = restrain(result, restraint, has_champion=evidence.champion_values)
    cards = {name: card.as_dict() for name, card in result.scorecards.items()}
    return _judged(plain, result.checks, result.verdict, action, reason, scorecards=cards)


def shadow(inputs: Inputs, policy: Policy) -> Judgement:
    """A shadow's end: its test (`sales`, `wealth_worse`, `wealth_better`), its times, and its values of fresh sales.

    Not worse than the champion is not enough: what was inconclusive about the contender by itself is asked again, of
    the hold-out and the fresh sales together. While that stays inconclusive the action is "none" and the shadow goes
    on, until its time is out. Baselines that outcomes do not hold (last-sale carry, trait medians) are left to the
    champion, whose gate they passed and which the shadow is proven not to be worse than.
    """
    plain = _on_record(inputs)
    state = EState(plain["sales"], tuple(plain["wealth_worse"]), tuple(plain["wealth_better"]))
    begun, now = (datetime.fromisoformat(plain[name]) for name in ("first_started_at", "decided_at"))
    outcome = shadow_outcome(state, first_started_at=begun, now=now, policy=policy)
    if outcome is None:
        raise UnjudgeableError("the shadow's test has not ended")
    told = f"shadow {outcome} after {state.n} sales: E {state.e_worse:.2f} worse, {state.e_better:.2f} better"
    test = Check(
        "shadow_test",
        _TEST[outcome],
        estimate=state.e_better,
        n=state.n,
        threshold=policy.sequential.threshold,
        detail=f"E of not worse by the margin; E of worse is {state.e_worse:.2f}",
    ).rounded()
    if outcome != "not_worse":
        return _judged(plain, (test,), _TEST[outcome], "reject", told)
    checks = (test, *(check.rounded() for check in _repeated(plain, policy)))
    verdict = overall(checks)
    if verdict == "pass":
        return _judged(plain, checks, "pass", "promote", told)
    names = ", ".join(check.name for check in checks if check.verdict == verdict)
    over = (now - begun).total_seconds() >= policy.shadow.max_days * DAY_S or state.n >= policy.shadow.max_sales
    if verdict == "inconclusive" and not over:
        return _judged(plain, checks, verdict, "none", f"{told}; {verdict}: {names}")
    expired = "expired with " if verdict == "inconclusive" else ""
    return _judged(plain, checks, verdict, "reject", f"{told}; {expired}{verdict}: {names}")


def waiting(inputs: Inputs, policy: Policy) -> Judgement:
    """A contender that waits for a person (`since`, `decided_at`): its time is out."""
    plain = _on_record(inputs)
    since, now = (datetime.fromisoformat(plain[name]) for name in ("since", "decided_at"))
    days = (now - since).total_seconds() / DAY_S
    limit = policy.inconclusive.max_days
    if days < limit:
        raise UnjudgeableError("the contender may still wait")
    waited = Check("waited", "inconclusive", estimate=days, threshold=limit, detail="days without a decision").rounded()
    return _judged(
        plain, (waited,), "inconclusive", "reject", f"expired: nobody decided about it within {days:.0f} days"
    )


def rollback(inputs: Inputs, policy: Policy) -> Judgement:
    """The promoted model's fall: a hard trip (`trip` facts), or proof by its test of being worse."""
    plain = _on_record(inputs)
    state = EState(plain["sales"], tuple(plain["wealth_worse"]), tuple(plain["wealth_better"]))
    reason = None if plain["trip"] is None else trip_of(plain["trip"], policy)
    if reason is None and state.e_worse < policy.sequential.threshold:
        raise UnjudgeableError("neither a hard trip nor proof of being worse")
    reason = reason or f"worse than the previous champion on the same sales: E = {state.e_worse:.1f} after {state.n}"
    return _judged(plain, (), "fail", "rollback", reason)


def confirm(inputs: Inputs, policy: Policy) -> Judgement:
    """A promotion that proved itself: enough sales or days without a trip, or proof of being better."""
    plain = _on_record(inputs)
    state = EState(plain["paired_sales"], tuple(plain["wealth_worse"]), tuple(plain["wealth_better"]))
    if confirm_outcome(plain, state, policy) != "confirm":
        raise UnjudgeableError("nothing confirms the promotion yet")
    since = datetime.fromisoformat(plain["since"])
    reason = f"{plain['sales']} sales since {since:%Y-%m-%d} without a trip, E_better {state.e_better:.2f}"
    return _judged(plain, (), "pass", "confirm", reason)


def operator(inputs: Inputs, policy: Policy) -> Judgement:
    """What a person did (`act`, `actor`, `reason`): recorded as it was said, nothing is weighed."""
    del policy
    plain = _on_record(inputs)
    verdicts: dict[str, Verdict] = {"promote": "pass", "rollback": "fail", "quarantine": "fail"}
    return _judged(plain, (), verdicts[plain["act"]], plain["act"], plain["said"])


def _gate_or_waiting(inputs: Inputs, policy: Policy) -> Judgement:
    return waiting(inputs, policy) if "since" in inputs else gate(inputs, policy)


_JUDGES: dict[str, Callable[[Inputs, Policy], Judgement]] = {
    "gate": _gate_or_waiting,
    "shadow": shadow,
    "rollback": rollback,
    "confirm": confirm,
    "operator": operator,
}


def _on_record(inputs: Inputs) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(canonical_json(inputs))
    return plain


def _judged(
    plain: dict[str, Any],
    checks: tuple[Check, ...],
    verdict: Verdict,
    action: Action,
    reason: str,
    **more: object,
) -> Judgement:
    reason = reason[:REASON_LENGTH]
    outcome = {
        "rules": RULES,
        "checks": [check.as_dict() for check in checks],
        "verdict": verdict,
        "action": action,
        "reason": reason,
    }
    return Judgement(checks, verdict, action, reason, canonical_json(plain | outcome | more))


def _repeated(plain: dict[str, Any], policy: Policy) -> list[Check]:
    """The checks of the contender by itself, on its hold-out (None: too old to be on record) and its fresh sales.

    The hold-out has the intervals of who was champion at the gate; fresh sales have the shadow's own alone.
    """
    rules = policy.statistics
    bootstrap = DayBootstrap(rules.bootstrap_draws, rules.confidence, rules.seed)
    fresh = fresh_sales(plain["fresh"])
    held = None if plain["holdout"] is None else gate_record.sales_from_plain(plain["holdout"])
    sales = fresh if held is None else _together(held, fresh)
    if not sales.usable():
        return [Check("values", "fail", n=len(sales), detail="a price, floor or value is not finite and positive")]
    return [
        absolute_checks.sample_check(sales, policy),
        *absolute_checks.floor_checks(sales, bootstrap),
        absolute_checks.bias_check(sales, bootstrap, policy),
        *absolute_checks.coverage_checks(sales, held, policy),
    ]


def fresh_sales(plain: Mapping[str, Any]) -> HoldoutSales:
    """A shadow's outcomes as sales: columns price, floor, value (ETH), time (UTC seconds), in80, in90 (0 or 1).

    Outcomes say whether a price lay inside an interval, not where the interval was: inside is (0, inf), outside empty.
    """
    price = np.array(plain["price"], dtype=np.float64)
    unknown = np.full(len(price), np.nan)
    inside = {level: np.array(plain[name], dtype=np.bool_) for level, name in ((0.8, "in80"), (0.9, "in90"))}
    bands = tuple(Band(level, np.where(hit, 0.0, np.inf), np.where(hit, np.inf, 0.0)) for level, hit in inside.items())
    return HoldoutSales(
        price=price,
        floor=np.array(plain["floor"], dtype=np.float64),
        last_sale_carry=unknown,
        trait_median=unknown,
        time=np.array(plain["time"], dtype=np.int64),
        rare=np.zeros(len(price), dtype=np.bool_),
        contender=Predictions(np.array(plain["value"], dtype=np.float64), bands),
        champion=None,
    )


def _together(held: HoldoutSales, fresh: HoldoutSales) -> HoldoutSales:
    bands = tuple(
        Band(one.level, np.concatenate([one.low, other.low]), np.concatenate([one.high, other.high]))
        for one, other in zip(held.contender.bands, fresh.contender.bands, strict=True)
    )
    return replace(
        fresh,
        price=np.concatenate([held.price, fresh.price]),
        floor=np.concatenate([held.floor, fresh.floor]),
        last_sale_carry=np.concatenate([held.last_sale_carry, fresh.last_sale_carry]),
        trait_median=np.concatenate([held.trait_median, fresh.trait_median]),
        time=np.concatenate([held.time, fresh.time]),
        rare=np.concatenate([held.rare, fresh.rare]),
        contender=Predictions(np.concatenate([held.contender.value, fresh.contender.value]), bands),
    )

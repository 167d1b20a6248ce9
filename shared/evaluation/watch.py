"""The outcome of a watched promotion or a shadow, as a pure function of states and counts."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime
from pydantic.dataclasses import dataclass

from shared.evaluation.canonical import RECORDED
from shared.evaluation.eprocess import EState, Step, advance
from shared.evaluation.policy import Policy

PromotionOutcome = Literal["warm_up", "watching", "confirm", "rollback"]
ShadowOutcome = Literal["not_worse", "worse", "expired"]


@dataclass(frozen=True, config=RECORDED)
class Refusal:
    """A cycle after the promoted model's newest nowcast that failed through the model's own fault.

    `final`: a guard or the model's file refused it, so another try would fail too. `predecessor_fine`: the previous
    champion valued the same snapshot and passed the same guards.
    """

    reason: str
    final: bool
    predecessor_fine: bool


@dataclass(frozen=True, config=RECORDED)
class Health:
    """The newest nowcast of the promoted model, and what came after it.

    `valid_rows` is None when nobody counted them. `jump` is the mean |d ln v| of that nowcast against the previous
    champion's values from the same snapshot; None without such values. `predecessor_failed`: the previous champion
    failed its newest cycle, or the running code cannot serve it.
    """

    published_at: AwareDatetime | None
    rows: int
    valid_rows: int | None
    refusal: Refusal | None = None
    jump: float | None = None
    predecessor_failed: bool = False


@dataclass(frozen=True, config=RECORDED)
class TripFacts:
    """What a hard trip is decided from. `stale`: the newest nowcast is late."""

    health: Health
    stale: bool

    def trip(self, policy: Policy) -> str | None:
        """Why the promoted model must go at once, without any sale; None when nothing speaks against it.

        A missing nowcast alone is no reason: the platform may be down, and the previous champion would be as late.
        The reason is a refusal where the previous champion valued the same snapshot. A refusal that may pass (`final`
        is false) counts once the nowcast is stale.
        """
        rules, health, refusal = policy.watch, self.health, self.health.refusal
        if refusal is not None and refusal.predecessor_fine and (refusal.final or self.stale):
            return f"it cannot be published where the previous champion can: {refusal.reason}"
        if health.published_at is None:
            return None
        if health.rows != rules.nowcast_rows:
            return f"its nowcast has {health.rows} rows of {rules.nowcast_rows}"
        if health.valid_rows is not None and health.valid_rows != rules.nowcast_rows:
            return f"{rules.nowcast_rows - health.valid_rows} of its values are missing or not finite and positive"
        if health.jump is not None and health.jump > rules.max_jump:
            return (
                f"its values differ from the previous champion's by {health.jump:.1%} on average on the same snapshot "
                f"(limit {rules.max_jump:.0%})"
            )
        return None


def walk(
    state: EState, steps: Iterable[Step], *, margin: float, policy: Policy, stop_when_better: bool
) -> Sequence[EState]:
    """The state after each step, up to the step that ends the test. A test that has ended takes no step."""
    states: list[EState] = []
    for step in steps:
        if ended(state, policy, stop_when_better=stop_when_better):
            break
        state = advance(state, step, margin=margin, rules=policy.sequential)
        states.append(state)
    return states


def ended(state: EState, policy: Policy, *, stop_when_better: bool) -> bool:
    threshold = policy.sequential.threshold
    return state.e_worse >= threshold or (stop_when_better and state.e_better >= threshold)


def minutes_behind(since: datetime, *, now: datetime, expected_every: timedelta, policy: Policy) -> int | None:
    """Minutes by which the nowcast after `since` is overdue; None while the policy does not call it late."""
    behind = now - since - expected_every
    late = behind > timedelta(minutes=policy.watch.stale_after_minutes)
    return round(behind.total_seconds() / 60) if late else None


def promotion_outcome(
    state: EState, *, sales: int, nowcasts: int, warm: bool, started_at: datetime, now: datetime, policy: Policy
) -> PromotionOutcome:
    """Proof of being worse rolls back in every state. Confirmation needs a finished warm-up; no data is no success.

    Args:
        sales: transactions scored since the promotion.
        nowcasts: published since the promotion; the count may stop at what the warm-up needs.
        warm: the warm-up ended earlier.
    """
    rules = policy.watch
    if state.e_worse >= policy.sequential.threshold:
        return "rollback"
    if not warm and (sales < rules.warm_up_sales or nowcasts < rules.warm_up_nowcasts):
        return "warm_up"
    old = now - started_at >= timedelta(days=rules.confirm_days)
    if state.e_better >= policy.sequential.threshold or sales >= rules.confirm_sales or old:
        return "confirm"
    return "watching"


def shadow_outcome(state: EState, *, first_started_at: datetime, now: datetime, policy: Policy) -> ShadowOutcome | None:
    """How the shadow's test ended; None while it is open."""
    if state.e_worse >= policy.sequential.threshold:
        return "worse"
    if state.e_better >= policy.sequential.threshold:
        return "not_worse"
    rules = policy.shadow
    if state.n >= rules.max_sales or now - first_started_at >= timedelta(days=rules.max_days):
        return "expired"
    return None

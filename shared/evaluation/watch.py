"""What a watched promotion or shadow has come to. Pure: states and counts in, an outcome out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.evaluation.eprocess import EState, Step, advance
from shared.evaluation.policy import Policy

PromotionOutcome = Literal["warm_up", "watching", "confirm", "rollback"]
ShadowOutcome = Literal["not_worse", "worse", "expired"]


@dataclass(frozen=True)
class Refusal:
    """A cycle that the promoted model could not value through its own fault, after its newest nowcast.

    `final`: a guard or its own file refused it, so the same would be refused again. `predecessor_fine`: the previous
    champion valued the same snapshot and passed the same guards.
    """

    reason: str
    final: bool
    predecessor_fine: bool


@dataclass(frozen=True)
class Health:
    """The newest nowcast of the promoted model, and what came after it.

    `valid_rows` is None when it was not counted. `jump` is the mean |d ln v| of that nowcast against the previous
    champion's values from the same snapshot; None when there are none. `predecessor_failed`: the previous champion's
    own newest attempt at a cycle failed, or the running code cannot serve it.
    """

    published_at: datetime | None
    rows: int
    valid_rows: int | None
    refusal: Refusal | None = None
    jump: float | None = None
    predecessor_failed: bool = False


def walk(
    state: EState, steps: Iterable[Step], *, margin: float, policy: Policy, stop_when_better: bool
) -> Sequence[EState]:
    """The state after each step, up to the first at which the test ends. A test that has ended takes no step."""
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


def hard_trip(health: Health, *, stale: bool, policy: Policy) -> str | None:
    """Why the promoted model must go at once, without any label; None when nothing speaks against it.

    A nowcast that is merely missing does not: the platform may be away, and the previous champion would be as stale.
    What counts is that the model was refused where its predecessor valued the same snapshot well. A failure that might
    pass (`final` false) counts once the nowcast is `stale`.
    """
    rules = policy.watch
    refusal = health.refusal
    if refusal is not None and refusal.predecessor_fine and (refusal.final or stale):
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


def minutes_behind(since: datetime, *, now: datetime, expected_every: timedelta, policy: Policy) -> int | None:
    """How far a nowcast is behind the expected one, once that is too far; `since` is when the newest was published."""
    behind = now - since - expected_every
    late = behind > timedelta(minutes=policy.watch.stale_after_minutes)
    return round(behind.total_seconds() / 60) if late else None


def promotion_outcome(
    state: EState, *, sales: int, nowcasts: int, warm: bool, started_at: datetime, now: datetime, policy: Policy
) -> PromotionOutcome:
    """Proof of worse rolls back in every state; confirming takes a finished warm-up. No data is no success.

    Args:
        sales: transactions scored since the promotion. nowcasts: published since then (may stop counting at the
        warm-up's need). warm: the warm-up had ended before.
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
    """How the shadow's test ended; None while it goes on."""
    if state.e_worse >= policy.sequential.threshold:
        return "worse"
    if state.e_better >= policy.sequential.threshold:
        return "not_worse"
    rules = policy.shadow
    if state.n >= rules.max_sales or now - first_started_at >= timedelta(days=rules.max_days):
        return "expired"
    return None

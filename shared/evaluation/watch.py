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
class Health:
    """The newest nowcast that the promoted model published. `valid_rows` is None when it was not counted."""

    published_at: datetime | None
    rows: int
    valid_rows: int | None


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


def hard_trip(
    health: Health,
    *,
    started_at: datetime,
    now: datetime,
    expected_every: timedelta,
    on_time: bool,
    policy: Policy,
) -> str | None:
    """Why the promoted model must go at once, without any label; None when nothing is wrong.

    Stale is measured from the promotion on: what came before it was not this model's. Only a look that comes on time
    may call a nowcast stale: one that waited (`on_time` false) tells of the platform's absence, not of the model.
    """
    rules = policy.watch
    if health.published_at is not None:
        if health.rows != rules.nowcast_rows:
            return f"its nowcast has {health.rows} rows of {rules.nowcast_rows}"
        if health.valid_rows is not None and health.valid_rows != rules.nowcast_rows:
            return f"{rules.nowcast_rows - health.valid_rows} of its values are missing or not finite and positive"
    if not on_time:
        return None
    since = max(health.published_at or started_at, started_at)
    behind = now - since - expected_every
    if behind > timedelta(minutes=rules.stale_after_minutes):
        return f"its nowcast is {round(behind.total_seconds() / 60)} minutes behind the expected one"
    return None


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

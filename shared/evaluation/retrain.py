"""When to train: on absolute evidence (age, new sales, a loss above its level), never on a relative one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.evaluation.policy import Policy

REQUESTED_BY = "retrain-policy"


@dataclass(frozen=True)
class RetrainFacts:
    """What the policy looks at.

    Attributes:
        last_training: when a contender was last registered or a training last succeeded, so that a rejected
            contender does not make the policy ask again every day.
        new_valid_sales: since then.
        e_loss: E of the absolute process since then; None when there is no level to hold losses against.
        open_reasons: reasons of the requests that are queued or running.
        last_request: when the policy last asked.
    """

    has_champion: bool
    last_training: datetime | None
    new_valid_sales: int
    e_loss: float | None
    open_reasons: frozenset[str]
    last_request: datetime | None


@dataclass(frozen=True)
class Trigger:
    """A reason to train. `reason` is the same text each time: one request per reason may be open."""

    reason: str
    detail: str


def triggers(facts: RetrainFacts, *, slot: datetime, policy: Policy) -> list[Trigger]:
    """Everything that asks for a training, most urgent first."""
    rules = policy.retrain
    found = []
    if not facts.has_champion:
        found.append(Trigger("no_champion", "nothing can be published without a champion"))
    if facts.e_loss is not None and facts.e_loss >= rules.loss_threshold:
        found.append(Trigger("loss_above_gate_level", f"E = {facts.e_loss:.1f}, threshold {rules.loss_threshold:g}"))
    if facts.new_valid_sales >= rules.new_valid_sales:
        found.append(Trigger("new_valid_sales", f"{facts.new_valid_sales} since the last training"))
    if facts.last_training is not None and slot - facts.last_training >= timedelta(days=rules.model_age_days):
        found.append(Trigger("model_age", f"last training {facts.last_training.isoformat()}"))
    return found


def choose(facts: RetrainFacts, *, slot: datetime, policy: Policy) -> Trigger | None:
    """The request to make for this slot: at most one a day (UTC), none for a reason that is still open."""
    if facts.last_request is not None and facts.last_request.date() >= slot.date():
        return None
    return next((t for t in triggers(facts, slot=slot, policy=policy) if t.reason not in facts.open_reasons), None)

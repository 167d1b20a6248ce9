"""When to train: on absolute evidence (age, new sales, a loss above its level), never on relative evidence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.evaluation.policy import Policy

REQUESTED_BY = "retrain-policy"
NO_CHAMPION, LOSS, NEW_SALES, AGE = "no_champion", "loss_above_gate_level", "new_valid_sales", "model_age"
REASONS = frozenset({NO_CHAMPION, LOSS, NEW_SALES, AGE})


@dataclass(frozen=True)
class RetrainFacts:
    """The inputs of the retrain policy.

    Attributes:
        last_training: the last registration of a contender or success of a training. It counts a rejected contender,
            or the policy would ask for training every day.
        new_valid_sales: valid sales since `last_training`.
        e_loss: E of the absolute process since `last_training`; None without a level to compare losses with.
        open_reasons: reasons of the policy's queued and running requests.
        last_request: the policy's last request.
    """

    has_champion: bool
    last_training: datetime | None
    new_valid_sales: int
    e_loss: float | None
    open_reasons: frozenset[str]
    last_request: datetime | None


@dataclass(frozen=True)
class Trigger:
    """A reason to train. `reason` is a constant text, because one request per reason may be open."""

    reason: str
    detail: str


def triggers(facts: RetrainFacts, *, slot: datetime, policy: Policy) -> list[Trigger]:
    """All reasons to train now, most urgent first."""
    rules = policy.retrain
    reasons = []
    if not facts.has_champion:
        reasons.append(Trigger(NO_CHAMPION, "nothing can be published without a champion"))
    if facts.e_loss is not None and facts.e_loss >= rules.loss_threshold:
        reasons.append(Trigger(LOSS, f"E = {facts.e_loss:.1f}, threshold {rules.loss_threshold:g}"))
    if facts.new_valid_sales >= rules.new_valid_sales:
        reasons.append(Trigger(NEW_SALES, f"{facts.new_valid_sales} since the last training"))
    if facts.last_training is not None and slot - facts.last_training >= timedelta(days=rules.model_age_days):
        reasons.append(Trigger(AGE, f"last training {facts.last_training.isoformat()}"))
    return reasons


def choose(facts: RetrainFacts, *, slot: datetime, policy: Policy) -> Trigger | None:
    """The request for this slot: at most one a day (UTC), and none for a reason with an open request."""
    if facts.last_request is not None and facts.last_request.date() >= slot.date():
        return None
    return next((t for t in triggers(facts, slot=slot, policy=policy) if t.reason not in facts.open_reasons), None)

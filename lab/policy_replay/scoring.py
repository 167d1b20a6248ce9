"""Play the rules over the history, and compute the figures of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import numpy as np

from lab.policy_replay.candidates import Candidate, Candidates
from lab.policy_replay.faults import Fault
from lab.policy_replay.history import History
from lab.policy_replay.ours import Ours
from lab.policy_replay.rules import AlwaysPromote, Event, NeverRetrain, PointEstimate, Record, Rule
from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.policy import Policy
from shared.units import DAY_S

JUDGED_ON = 300
"""Number of sales after a promotion that show in hindsight whether a rolled-back model was worse."""


@dataclass(frozen=True)
class FaultFate:
    """What happened to one spoilt refit: `days` as champion, and how it ended."""

    fault: str
    ended: str
    promoted_at: str | None
    days: float
    reason: str


@dataclass(frozen=True)
class Figures:
    """One policy over the window. Errors are absolute log errors.

    Attributes:
        excess_error: mean over all sales of the champion's loss minus that of the newest sound refit.
        harmful, harmless: rollbacks of harmful models, and of all others. A model is harmful if it was spoilt, or in
            hindsight worse than the restored one by more than the gate's margin on `JUDGED_ON` sales.
        bad_days: days on which a spoilt refit was champion.
    """

    policy: str
    sales: int
    mean_error: float
    excess_error: float
    promotions: int
    rejections: int
    shadows: int
    rollbacks: int
    harmful: int
    harmless: int
    bad_days: float
    fates: tuple[FaultFate, ...]
    log: tuple[str, ...]


@dataclass(frozen=True)
class Harm:
    """Extra error of a spoilt refit over the same refit without the fault, on the sales after it."""

    fault: str
    at: str
    extra_error: float
    sales: int


def play(history: History, offered: Candidates, policy: Policy) -> list[Figures]:
    """Every policy over the window, ours first."""
    first = offered.offered[0]
    rules: list[Rule] = [
        Ours(history, first, policy),
        PointEstimate(history, first),
        NeverRetrain(first),
        AlwaysPromote(first),
    ]
    return [_figures(history, offered, _played(history, offered, rule), rule.name, policy) for rule in rules]


def harms(history: History, offered: Candidates) -> list[Harm]:
    """The harm of each fault, under any policy."""
    measured = []
    for candidate in offered.offered:
        if candidate.fault is None:
            continue
        rows = _after(history, candidate.at)
        extra = candidate.loss[rows] - offered.sound[candidate.refit].loss[rows]
        measured.append(Harm(candidate.fault.kind, f"{candidate.at:%Y-%m-%d}", float(np.mean(extra)), len(rows)))
    return measured


def _played(history: History, offered: Candidates, rule: Rule) -> Record:
    """Refits and transactions in time order; at the same instant the refit comes first."""
    rule.record.since.append((history.window.start, offered.offered[0]))
    steps: list[tuple[datetime, int, Callable[[], None]]] = []
    for candidate in offered.offered[1:]:
        steps.append((candidate.at, 0, partial(rule.offered, candidate, candidate.at)))
    for at, rows in history.transactions():
        steps.append((at, 1, partial(rule.sold, rows, at)))
    for _, _, step in sorted(steps, key=lambda entry: entry[:2]):
        step()
    return rule.record


def _figures(history: History, offered: Candidates, record: Record, name: str, policy: Policy) -> Figures:
    rows = np.flatnonzero(history.time >= history.window.start.timestamp())
    mine = _losses(history, rows, record.since)
    newest = _losses(history, rows, [(candidate.at, candidate) for candidate in offered.sound])
    acts = [event.act for event in record.events]
    harmful = [_harmful(history, event, policy) for event in record.events if event.act == "rollback"]
    return Figures(
        policy=name,
        sales=len(rows),
        mean_error=float(np.mean(mine)),
        excess_error=float(np.mean(mine - newest)),
        promotions=acts.count("promote"),
        rejections=acts.count("reject"),
        shadows=acts.count("shadow"),
        rollbacks=len(harmful),
        harmful=sum(harmful),
        harmless=len(harmful) - sum(harmful),
        bad_days=sum(_days(_reign(record, refit, history.window.end)) for refit in offered.offered if refit.fault),
        fates=tuple(_fate(refit, refit.fault, record, history) for refit in offered.offered if refit.fault),
        log=tuple(f"{e.at:%Y-%m-%d %H:%M} {e.act} {e.candidate.name}: {e.reason}" for e in record.events),
    )


def _losses(history: History, rows: Ints, since: Sequence[tuple[datetime, Candidate]]) -> Floats:
    """The loss of each sale under the newest of `since` before it."""
    starts = np.array([at.timestamp() for at, _ in since])
    index = np.searchsorted(starts, history.time[rows], side="left") - 1
    losses = np.stack([candidate.loss for _, candidate in since])
    return np.asarray(losses[np.maximum(index, 0), rows], dtype=np.float64)


def _harmful(history: History, event: Event, policy: Policy) -> bool:
    """Whether the rollback was right."""
    assert event.back_to is not None
    if event.candidate.fault is not None:
        return True
    rows = _after(history, event.candidate.at)
    worse = float(np.mean(event.candidate.loss[rows] - event.back_to.loss[rows]))
    return worse > policy.non_inferiority.margin


def _after(history: History, at: datetime) -> Ints:
    """The first `JUDGED_ON` sales from `at` on; the last ones of the window if fewer follow."""
    first = int(np.searchsorted(history.time, at.timestamp()))
    first = max(0, min(first, len(history.time) - JUDGED_ON))
    return np.arange(first, min(first + JUDGED_ON, len(history.time)), dtype=np.int64)


def _reign(record: Record, candidate: Candidate, end: datetime) -> list[timedelta]:
    """The length of each of its reigns."""
    ends = [at for at, _ in record.since[1:]] + [end]
    return [until - at for (at, who), until in zip(record.since, ends, strict=True) if who is candidate]


def _days(spans: Sequence[timedelta]) -> float:
    return sum(span.total_seconds() for span in spans) / DAY_S


def _fate(candidate: Candidate, fault: Fault, record: Record, history: History) -> FaultFate:
    own = [event for event in record.events if event.candidate is candidate]
    promoted = next((event for event in own if event.act == "promote"), None)
    fallen = next((event for event in own if event.act == "rollback"), None)
    days = _days(_reign(record, candidate, history.window.end))
    last = own[-1] if own else None
    if last is None:
        ended = "never trained"
    elif promoted is None:
        shadowed = any(event.act == "shadow" for event in own)
        ended = "stopped by the shadow" if shadowed else "stopped by the gate"
        if last.act == "shadow":
            ended = "still a shadow at the end"
    elif fallen is not None:
        ended = "rolled back"
    else:
        ended = "champion at the end" if record.champion is candidate else "replaced by the next"
    return FaultFate(
        fault=f"{fault.kind}@{candidate.at:%Y-%m-%d}",
        ended=ended,
        promoted_at=None if promoted is None else promoted.at.isoformat(),
        days=round(days, 3),
        reason="" if last is None else (fallen or last).reason,
    )

"""The interface of a policy, and the three policies that ours is compared with."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import numpy as np

from lab.policy_replay.candidates import Candidate
from lab.policy_replay.history import History
from shared.evaluation.arrays import Floats, Ints

Act = Literal["promote", "rollback", "reject", "shadow", "confirm"]
ROLLING = 50
MAPE_FACTOR = 1.2


@dataclass(frozen=True)
class Event:
    """An act of a policy; `back_to` is the champion after a rollback."""

    at: datetime
    act: Act
    candidate: Candidate
    reason: str
    back_to: Candidate | None = None


@dataclass
class Record:
    """The champions with their first instants, and all events."""

    champion: Candidate
    since: list[tuple[datetime, Candidate]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def crown(self, candidate: Candidate, at: datetime) -> None:
        self.champion = candidate
        self.since.append((at, candidate))

    def note(
        self, at: datetime, act: Act, candidate: Candidate, reason: str, *, back_to: Candidate | None = None
    ) -> None:
        self.events.append(Event(at, act, candidate, reason, back_to))


class Rule(Protocol):
    """A policy. It gets each new refit and each new transaction, in time order."""

    @property
    def name(self) -> str: ...

    @property
    def record(self) -> Record: ...

    def offered(self, candidate: Candidate, at: datetime) -> None: ...

    def sold(self, rows: Ints, at: datetime) -> None: ...


class NeverRetrain:
    """The first champion stays."""

    name = "never retrain"

    def __init__(self, first: Candidate) -> None:
        self.record = Record(first)

    def offered(self, candidate: Candidate, at: datetime) -> None:
        """Nothing is trained."""

    def sold(self, rows: Ints, at: datetime) -> None:
        """Nothing is watched."""


class AlwaysPromote(NeverRetrain):
    """Every refit replaces the one before."""

    name = "always promote"

    def offered(self, candidate: Candidate, at: datetime) -> None:
        self.record.note(at, "promote", candidate, "always")
        self.record.crown(candidate, at)


class PointEstimate:
    """Promote on a smaller MAPE on the hold-out; roll back when the rolling MAPE is much larger than on the hold-out.

    The usual pair of rules, without intervals and pairs. The mean over the last `ROLLING` sales since the promotion may
    reach `MAPE_FACTOR` times the MAPE at the gate. The model that a rollback restores is not watched.
    """

    name = "point estimate + MAPE"

    def __init__(self, history: History, first: Candidate) -> None:
        self._history = history
        self.record = Record(first)
        self._previous: Candidate | None = None
        self._limit = np.inf
        self._recent: deque[float] = deque(maxlen=ROLLING)

    def offered(self, candidate: Candidate, at: datetime) -> None:
        held = self._history.holdout(candidate.refit)
        mine, theirs = (float(np.mean(self._ape(model)[held])) for model in (candidate, self.record.champion))
        if mine >= theirs:
            self.record.note(at, "reject", candidate, f"MAPE {mine:.2%}, champion {theirs:.2%}")
            return
        self._previous, self._limit = self.record.champion, MAPE_FACTOR * mine
        self._recent.clear()
        self.record.note(at, "promote", candidate, f"MAPE {mine:.2%}, champion {theirs:.2%}")
        self.record.crown(candidate, at)

    def sold(self, rows: Ints, at: datetime) -> None:
        if self._previous is None:
            return
        self._recent.extend(self._ape(self.record.champion)[rows].tolist())
        rolling = float(np.mean(self._recent))
        if len(self._recent) < ROLLING or rolling <= self._limit:
            return
        fallen, back = self.record.champion, self._previous
        self.record.note(at, "rollback", fallen, f"rolling MAPE {rolling:.2%} above {self._limit:.2%}", back_to=back)
        self._previous = None
        self.record.crown(back, at)

    def _ape(self, candidate: Candidate) -> Floats:
        return np.asarray(np.abs(candidate.on_sales.value / self._history.price - 1.0), dtype=np.float64)

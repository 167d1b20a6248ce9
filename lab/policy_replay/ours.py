"""The policy of production over history: its gates, shadows, e-process, hard trips, cool-down and freeze."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from lab.policy_replay.candidates import Candidate, snapshot_values
from lab.policy_replay.history import History
from lab.policy_replay.rules import Record
from shared.evaluation import gates, judgement
from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.blast_radius import blast_radius
from shared.evaluation.eprocess import EState, Step, advance, start, step_of
from shared.evaluation.evidence import BlastFacts, GateEvidence, HoldoutSales, InfraFacts, LineageFacts
from shared.evaluation.gates import GateResult, Restraint
from shared.evaluation.policy import Policy
from shared.evaluation.watch import Health, TripFacts, promotion_outcome, shadow_outcome

PERSON_ACTS_AFTER = timedelta(days=7)
"""A person lifts a freeze after this time. In production a freeze lasts until a person lifts it."""


@dataclass(frozen=True)
class Watched:
    """An open promotion: the champion against the one before it."""

    previous: Candidate
    started_at: datetime
    state: EState
    warm: bool = False


@dataclass(frozen=True)
class Shadow:
    """A candidate that values next to the champion; `gate_champion` was champion at its gate."""

    candidate: Candidate
    gate_champion: Candidate
    first_started_at: datetime
    state: EState


class Ours:
    """Promote on proof of being no worse, watch the promoted model in pairs, roll back on proof of being worse."""

    name = "ours"

    def __init__(self, history: History, first: Candidate, policy: Policy) -> None:
        self._history = history
        self._policy = policy
        self.record = Record(first)
        self._watched: Watched | None = None
        self._confirmed = first
        self._unfinished: dict[str, Candidate] = {}
        self._shadows: list[Shadow] = []
        self._rollbacks: list[datetime] = []
        self._frozen_until: datetime | None = None
        self._values: dict[tuple[str, datetime], Floats] = {}

    def offered(self, candidate: Candidate, at: datetime) -> None:
        result = gates.decide(self._evidence(candidate, at), self._policy)
        action, reason = gates.restrain(result, self._restraint(at), has_champion=True)
        if action == "promote":
            self._promote(candidate, at, reason)
        elif action == "start_shadow":
            self._shadows.append(Shadow(candidate, self.record.champion, at, start(self._policy.sequential)))
            self.record.note(at, "shadow", candidate, reason)
        else:
            self.record.note(at, "reject", candidate, _why(result, reason))

    def sold(self, rows: Ints, at: datetime) -> None:
        if self._watched is not None and self._watch(self._watched, rows, at):
            return
        # A copy, because a promotion restarts the other shadows.
        for shadow in list(self._shadows):
            if shadow in self._shadows:
                self._follow(shadow, rows, at)

    def _watch(self, watched: Watched, rows: Ints, at: datetime) -> bool:
        """Step the test of the open promotion by one transaction; True when it was rolled back."""
        rules, champion = self._policy.watch, self.record.champion
        step = self._step(champion, watched.previous, rows)
        state = advance(watched.state, step, margin=rules.margin, rules=self._policy.sequential)
        outcome = promotion_outcome(
            state,
            sales=state.n,
            nowcasts=rules.warm_up_nowcasts,
            warm=watched.warm,
            started_at=watched.started_at,
            now=at,
            policy=self._policy,
        )
        self._watched = replace(watched, state=state, warm=watched.warm or outcome in ("watching", "confirm"))
        if outcome == "rollback":
            self._roll_back(self._watched, at, f"E = {state.e_worse:.1f} after {state.n} sales")
            return True
        if outcome == "confirm":
            self.record.note(at, "confirm", champion, f"{state.n} sales, E_better {state.e_better:.1f}")
            self._unfinished.pop(champion.name, None)
            self._confirmed, self._watched = champion, None
        return False

    def _follow(self, shadow: Shadow, rows: Ints, at: datetime) -> None:
        """Step the test of a shadow by one transaction; a test that has ended takes no step."""
        policy, index = self._policy, self._shadows.index(shadow)
        outcome = shadow_outcome(shadow.state, first_started_at=shadow.first_started_at, now=at, policy=policy)
        if outcome is None:
            step = self._step(shadow.candidate, self.record.champion, rows)
            state = advance(shadow.state, step, margin=policy.shadow.margin, rules=policy.sequential)
            shadow = self._shadows[index] = replace(shadow, state=state)
            outcome = shadow_outcome(state, first_started_at=shadow.first_started_at, now=at, policy=policy)
        if outcome is None or (outcome == "not_worse" and self._held(at)):
            return
        judged = judgement.shadow(self._shadow_inputs(shadow, at), policy)
        if judged.action == "none":
            return
        del self._shadows[index]
        if judged.action == "promote":
            self._promote(shadow.candidate, at, judged.reason)
        else:
            self.record.note(at, "reject", shadow.candidate, judged.reason)

    def _promote(self, candidate: Candidate, at: datetime, reason: str) -> None:
        previous = self.record.champion
        if self._watched is not None:
            # It was superseded before its confirmation, so it is watched again after a rollback to it.
            self._unfinished[previous.name] = self._watched.previous
        self.record.note(at, "promote", candidate, reason)
        self.record.crown(candidate, at)
        self._watched = Watched(previous, at, start(self._policy.sequential))
        self._restart_shadows()
        mine, theirs = self._snapshot(candidate, at), self._snapshot(previous, at)
        rows, jump = len(mine), blast_radius(mine, theirs).mean
        trip = TripFacts(Health(at, rows, rows, jump=jump), stale=False).trip(self._policy)
        if trip is not None:
            self._roll_back(self._watched, at, trip)

    def _roll_back(self, watched: Watched, at: datetime, reason: str) -> None:
        fallen, back = self.record.champion, watched.previous
        self.record.note(at, "rollback", fallen, reason, back_to=back)
        self.record.crown(back, at)
        predecessor = self._unfinished.pop(back.name, None)
        self._watched = None if predecessor is None else Watched(predecessor, at, start(self._policy.sequential))
        self._restart_shadows()
        rules = self._policy.rollback
        self._rollbacks.append(at)
        recent = [instant for instant in self._rollbacks if at - instant < timedelta(days=rules.freeze_window_days)]
        if len(recent) >= rules.freeze_after:
            self._frozen_until = at + PERSON_ACTS_AFTER

    def _restart_shadows(self) -> None:
        """Start their tests again, against the new champion; their days keep counting."""
        champion = self.record.champion
        self._shadows = [
            replace(each, state=start(self._policy.sequential))
            for each in self._shadows
            if each.candidate is not champion
        ]

    def _restraint(self, at: datetime) -> Restraint:
        cooling = self._cooling_until(at)
        return Restraint(
            frozen="repeated rollbacks" if self._frozen_until is not None and at < self._frozen_until else None,
            cooling_until=None if cooling is None else cooling.isoformat(),
            warming=self.record.champion.name if self._watched is not None and not self._watched.warm else None,
            shadow_places=self._policy.shadow.max_running - len(self._shadows),
        )

    def _cooling_until(self, at: datetime) -> datetime | None:
        until = self._rollbacks[-1] + timedelta(hours=self._policy.rollback.cool_down_hours) if self._rollbacks else at
        return until if until > at else None

    def _held(self, at: datetime) -> bool:
        on_probation = None if self._watched is None else self.record.champion.name
        return gates.shadow_obstacle(self._restraint(at), on_probation=on_probation) is not None

    def _step(self, new: Candidate, old: Candidate, rows: Ints) -> Step:
        bounds = np.abs(np.log(new.on_sales.value[rows] / old.on_sales.value[rows]))
        return step_of((new.loss[rows] - old.loss[rows]).tolist(), bounds.tolist())

    def _snapshot(self, candidate: Candidate, at: datetime) -> Floats:
        key = (candidate.name, at)
        if key not in self._values:
            self._values[key] = snapshot_values(self._history, candidate, at)
        return self._values[key]

    def _evidence(self, candidate: Candidate, at: datetime) -> GateEvidence:
        """The evidence that the gatekeeper would gather. No fault damages the model file."""
        champion, anchor = self.record.champion, self._confirmed
        other = None if anchor is champion else anchor
        values = self._snapshot(candidate, at)
        finite = bool(np.all(np.isfinite(values) & (values > 0)))
        return GateEvidence(
            has_champion=True,
            has_anchor=other is not None,
            lineage=LineageFacts((), candidate.cutoff, champion.cutoff, None if other is None else other.cutoff),
            infra=InfraFacts(
                loads=True,
                load_error="",
                sha256_matches=True,
                finite_positive=finite,
                golden_difference=0.0,
                golden_rows=self._policy.infra.golden_rows,
                quick=True,
                parity_difference=0.0,
                parity_rows=len(values),
            ),
            sales=self._holdout(candidate, champion, other),
            blast=BlastFacts.of(values, self._snapshot(champion, at)),
        )

    def _holdout(
        self, candidate: Candidate, champion: Candidate | None = None, anchor: Candidate | None = None
    ) -> HoldoutSales:
        held = self._history.holdout(candidate.refit)
        return HoldoutSales.of(
            self._history.frame.filter(held),
            contender=candidate.on_sales.where(held),
            champion=None if champion is None else champion.on_sales.where(held),
            anchor=None if anchor is None else anchor.on_sales.where(held),
        )

    def _shadow_inputs(self, shadow: Shadow, at: datetime) -> dict[str, Any]:
        """The inputs of the gatekeeper's decision about the end of a shadow."""
        history, candidate = self._history, shadow.candidate
        fresh = (history.time >= shadow.first_started_at.timestamp()) & (history.time <= at.timestamp())
        price = history.price[fresh]
        inside = {
            band.level: ((band.low[fresh] <= price) & (price <= band.high[fresh])).astype(int).tolist()
            for band in candidate.on_sales.bands
        }
        return {
            "sales": shadow.state.n,
            "wealth_worse": shadow.state.worse,
            "wealth_better": shadow.state.better,
            "first_started_at": shadow.first_started_at.isoformat(),
            "decided_at": at.isoformat(),
            "holdout": self._holdout(candidate, shadow.gate_champion),
            "fresh": {
                "price": price.tolist(),
                "floor": history.column("floor_eth")[fresh].tolist(),
                "value": candidate.on_sales.value[fresh].tolist(),
                "time": history.time[fresh].tolist(),
                "in80": inside[0.8],
                "in90": inside[0.9],
            },
        }


def _why(result: GateResult, reason: str) -> str:
    """The reason of a rejection, with the figures of the failed checks."""
    failed = [
        f"{check.name} {check.estimate:.4f} against {check.threshold:g}"
        for check in result.checks
        if check.verdict in ("fail", "error") and check.estimate is not None and check.threshold is not None
    ]
    return f"{reason} ({'; '.join(failed)})" if failed else reason

"""Refits: each is fitted once and values every sale of the window once; all policies share the results."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from lab.policy_replay import faults
from lab.policy_replay.faults import STALE, Fault
from lab.policy_replay.history import History
from shared.evaluation.arrays import Floats
from shared.evaluation.evidence import Predictions
from shared.evaluation.paired import loss
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot
from shared.valuation.training import fit

FitMany = Callable[[Iterator[Snapshot]], Iterator[ValuationModel]]
"""Fits the snapshots in order, several in parallel if it can."""


@dataclass(frozen=True)
class Job:
    """A model to fit: the number of the refit, and the fault in its training data."""

    refit: int
    fault: Fault | None


@dataclass(frozen=True)
class Candidate:
    """A refit as it would serve, its fault included.

    `on_sales` has its values of every row of the history, calibrated by its own outcomes. `loss` has the absolute log
    errors of these values.
    """

    refit: int
    at: datetime
    cutoff: datetime
    fault: Fault | None
    model: ValuationModel
    on_sales: Predictions
    loss: Floats

    @property
    def name(self) -> str:
        return f"{self.at:%Y-%m-%d}" + (f" {self.fault.kind}" if self.fault else "")


@dataclass(frozen=True)
class Candidates:
    """`sound[n]` is refit n without a fault; `offered[n]` is the version that the policies get."""

    sound: tuple[Candidate, ...]
    offered: tuple[Candidate, ...]


def fit_one(snapshot: Snapshot, params: Params | None = None) -> ValuationModel:
    """Fit as a trainer does (without `params`), but with one thread: several fits run in parallel."""
    return fit(snapshot, threads=1, params=params)


def jobs(history: History, injected: Sequence[Fault]) -> list[Job]:
    """Every refit without a fault, and a second time if its training data is spoilt."""
    spoilt = {fault.refit: fault for fault in injected if faults.spoils_training(fault)}
    planned = []
    for refit in range(len(history.refits)):
        planned.append(Job(refit, None))
        if refit in spoilt:
            planned.append(Job(refit, spoilt[refit]))
    return planned


def candidates(history: History, injected: Sequence[Fault], fit_many: FitMany) -> Candidates:
    """Fit and value everything."""
    planned = jobs(history, injected)
    snapshots = (
        history.training(job.refit)
        if job.fault is None
        else faults.spoil_training(history.training(job.refit), job.fault)
        for job in planned
    )
    models = dict(zip(planned, fit_many(snapshots), strict=True))
    sound = tuple(_candidate(history, refit, None, models[Job(refit, None)]) for refit in range(len(history.refits)))
    offered = list(sound)
    for fault in injected:
        learnt = fault if faults.spoils_training(fault) else None
        offered[fault.refit] = _candidate(history, fault.refit, fault, models[Job(fault.refit, learnt)])
    return Candidates(sound, tuple(offered))


def snapshot_values(history: History, candidate: Candidate, at: datetime) -> Floats:
    """Its values of all punks as of an instant, ETH."""
    fault = candidate.fault
    stale = fault is not None and fault.kind == "stale_features"
    return candidate.model.predict(_seen(history.snapshot(at - STALE if stale else at), fault)).value_eth


def _candidate(history: History, refit: int, fault: Fault | None, model: ValuationModel) -> Candidate:
    stale = fault is not None and fault.kind == "stale_features"
    frame = _seen(history.stale_frame if stale else history.frame, fault)
    predictions = Predictions.of(model.predict_forward(frame, frame))
    return Candidate(
        refit=refit,
        at=history.refits[refit],
        cutoff=history.cutoffs[refit],
        fault=fault,
        model=model,
        on_sales=predictions,
        loss=loss(history.price, predictions.value),
    )


def _seen(frame: pl.DataFrame, fault: Fault | None) -> pl.DataFrame:
    return faults.shuffle(frame, fault) if fault is not None and fault.kind == "trait_shuffle" else frame

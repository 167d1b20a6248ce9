"""Timers as messages. Job and slot determine a tick's id, so a tick that fires twice is handled once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.contracts.messages import (
    BacktestRequested,
    IngestRequested,
    MonitorRequested,
    NowcastRequested,
    RetrainCheckRequested,
    Tick,
    TrainingDrainRequested,
)
from shared.errors import NotFoundError
from shared.units import EPOCH

_NAMESPACE = UUID("6f1d9f0a-7c3e-5b7e-9d1c-3a5f6c2b8e41")


@dataclass(frozen=True)
class Job:
    """A tick's message type and its interval. Slots are multiples of `every` since midnight UTC."""

    message: type[Tick]
    every: timedelta


JOBS: Mapping[str, Job] = {
    "ingest": Job(IngestRequested, timedelta(minutes=5)),
    "nowcast": Job(NowcastRequested, timedelta(minutes=30)),
    "monitor": Job(MonitorRequested, timedelta(hours=1)),
    "training_drain": Job(TrainingDrainRequested, timedelta(hours=1)),
    "retrain_check": Job(RetrainCheckRequested, timedelta(days=1)),
    "backtest": Job(BacktestRequested, timedelta(days=1)),
}


def job_named(name: str) -> Job:
    """Raises NotFoundError for an unknown job."""
    if name not in JOBS:
        raise NotFoundError(f"no job is named {name!r}; the jobs are {', '.join(JOBS)}")
    return JOBS[name]


def slot_at(job: str, instant: datetime) -> datetime:
    """The newest slot of `job` at or before `instant`, UTC."""
    every = job_named(job).every
    return instant.astimezone(UTC) - (instant - EPOCH) % every


def tick_id(job: str, slot: datetime) -> UUID:
    """The id of the message of `job` for `slot`.

    Raises:
        NotFoundError: no such job.
        ValueError: `slot` has no time zone.
    """
    job_named(job)
    if slot.tzinfo is None:
        raise ValueError("a slot is a timezone-aware instant")
    return uuid5(_NAMESPACE, f"{job}/{slot.astimezone(UTC).isoformat()}")


def tick(job: str, slot: datetime) -> tuple[Tick, UUID]:
    """The message of `job` for `slot`, and its id."""
    return job_named(job).message(slot=slot.astimezone(UTC)), tick_id(job, slot)

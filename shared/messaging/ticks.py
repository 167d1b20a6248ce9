"""Timers as messages. Job and slot determine a tick's id, so a tick that fires twice is handled once.

Anybody can compute these ids, so a message is a tick only with the id of its own job and slot, and only once the slot
has come. Otherwise one message could use up the id of a later tick.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.contracts.envelope import MAX_AHEAD, Envelope, MalformedMessageError
from shared.contracts.messages import (
    BacktestRequested,
    IngestRequested,
    MonitorRequested,
    NowcastRequested,
    RetentionRequested,
    RetrainCheckRequested,
    Tick,
    TrainingDrainRequested,
)
from shared.errors import NotFoundError, TransientError
from shared.units import EPOCH

_NAMESPACE = UUID("6f1d9f0a-7c3e-5b7e-9d1c-3a5f6c2b8e41")


class TooEarlyError(TransientError):
    """The slot is ahead of this process's clock."""


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
    "retention": Job(RetentionRequested, timedelta(days=1)),
}

_JOB_OF: Mapping[type[Tick], str] = {job.message: name for name, job in JOBS.items()}


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


def continuation(after: str) -> UUID:
    """The id of the ingestor's own request to read on after the block `number/hash`."""
    return uuid5(_NAMESPACE, f"ingest/after/{after}")


def require_genuine(message: Envelope, now: datetime) -> None:
    """Accept any message that is no tick, and a tick with its own id and slot.

    Raises:
        MalformedMessageError: the id is not that of the job and slot, or the slot is none or lies over a day ahead.
    """
    tick = message.data
    if not isinstance(tick, Tick):
        return
    job = _JOB_OF[type(tick)]
    if slot_at(job, tick.slot) != tick.slot:
        raise MalformedMessageError(f"{tick.slot.isoformat()} is no slot of {job}, which runs every {JOBS[job].every}")
    after = tick.after if isinstance(tick, IngestRequested) else None
    if message.id != (tick_id(job, tick.slot) if after is None else continuation(after)):
        raise MalformedMessageError(f"{message.id} is not the id of the {job} tick of {tick.slot.isoformat()}")
    if tick.slot > now + MAX_AHEAD:
        raise MalformedMessageError(f"slot {tick.slot.isoformat()} is over a day ahead of {now.isoformat()}")


def require_due(message: Envelope, now: datetime) -> None:
    """Raises TooEarlyError: the message is a tick whose slot has not come."""
    if isinstance(message.data, Tick) and message.data.slot > now:
        raise TooEarlyError(
            f"slot {message.data.slot.isoformat()} is ahead of {now.isoformat()}: handled now, it would be missing "
            "then; compare the clocks of sender and consumer"
        )

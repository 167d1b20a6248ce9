"""Who may work on a request: one trainer at a time, and whoever lost the lease changes nothing any more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from services.trainer.executor import FitInterruptedError, FitJob, ProcessExecutor
from services.trainer.handlers import Trainer
from shared.contracts.messages import ContenderRegistered
from shared.database.pool import Connection
from shared.registry import models, training_requests
from shared.registry.models import ModelRecord
from shared.valuation.snapshot import Snapshot
from tests.factories.harness import Harness
from tests.factories.small_market import END
from tests.factories.waiting import eventually
from tests.integration.trainer.conftest import LEASE_S, Fits, request, state, trainer

pytestmark = pytest.mark.usefixtures("served")


class Gate:
    """Holds a fit back until it is opened; `another` model than the one asked for comes out."""

    def __init__(self, *, another: bool = False) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self._another = another

    async def __call__(self, job: FitJob) -> FitJob:
        self.reached.set()
        await self.open.wait()
        if not self._another:
            return job
        learn = Snapshot.from_parquet(job.snapshot)
        return replace(job, snapshot=replace(learn, frame=learn.frame.head(-1)).to_parquet())


@contextlib.asynccontextmanager
async def held(working: Trainer, fits: Fits, gate: Gate) -> AsyncIterator[asyncio.Task[int]]:
    """A trainer in the middle of a fit."""
    fits.before = gate
    task = asyncio.create_task(working.drain())
    await gate.reached.wait()
    fits.before = None
    try:
        yield task
    finally:
        gate.open.set()
        await asyncio.gather(task, return_exceptions=True)


async def registered(harness: Harness) -> list[str]:
    return [record.model_id for record in await harness.run(models.listing)]


async def lease_until(harness: Harness, request_id: UUID) -> datetime:
    return await harness.value("select lease_until from training_requests where request_id = $1", request_id)


async def lease_is_extended(harness: Harness, request_id: UUID) -> bool:
    return await lease_until(harness, request_id) > harness.clock.now()


async def has_succeeded(harness: Harness, request_id: UUID) -> bool:
    return (await state(harness, request_id)).status == "succeeded"


async def test_a_leased_request_is_not_taken_by_a_second_trainer(harness: Harness, served: Trainer, fits: Fits) -> None:
    identity = await request(harness)
    async with held(served, fits, Gate()) as task:
        assert await trainer(harness, fits).drain() == 0
        assert (await state(harness, identity)).status == "running"
        assert await lease_until(harness, identity) == END + timedelta(seconds=LEASE_S)
    assert task.result() == 1
    assert (await state(harness, identity)).status == "succeeded"


async def test_an_expired_lease_is_taken_over_and_the_late_result_is_refused(
    harness: Harness, served: Trainer, fits: Fits
) -> None:
    identity = await request(harness)
    async with held(served, fits, Gate(another=True)) as late:
        await harness.clock.sleep(LEASE_S + 1)
        assert await trainer(harness, fits).drain() == 1
        taken_over = await state(harness, identity)
        assert (taken_over.status, taken_over.attempts) == ("succeeded", 2)
    assert late.result() == 1
    assert await registered(harness) == [taken_over.model_id]
    assert await state(harness, identity) == taken_over
    assert len(await harness.emitted(ContenderRegistered)) == 1


async def test_a_late_result_is_refused_while_the_other_still_works(
    harness: Harness, served: Trainer, fits: Fits
) -> None:
    identity = await request(harness)
    second = Gate()
    async with held(served, fits, first := Gate(another=True)) as late:
        await harness.clock.sleep(LEASE_S + 1)
        async with held(trainer(harness, fits), fits, second):
            first.open.set()
            await late
            assert await registered(harness) == []
            assert (await state(harness, identity)).status == "running"
    assert await registered(harness) == [(await state(harness, identity)).model_id]


async def test_the_heartbeat_keeps_the_lease_of_a_long_fit(harness: Harness, fits: Fits) -> None:
    identity = await request(harness)
    async with held(trainer(harness, fits, lease_s=0.15), fits, Gate()):
        await harness.clock.sleep(600)
        await eventually(lambda: lease_is_extended(harness, identity))
        assert await trainer(harness, fits).drain() == 0
    assert (await state(harness, identity)).attempts == 1


async def test_a_database_that_goes_away_during_the_fit_costs_nothing(harness: Harness, fits: Fits) -> None:
    identity = await request(harness)
    cut = """select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()"""
    async with held(trainer(harness, fits, lease_s=0.15), fits, Gate()) as task:
        for _ in range(5):
            await harness.value(cut)
            await asyncio.sleep(0.06)
    assert task.result() == 1
    done = await state(harness, identity)
    assert (done.status, done.attempts) == ("succeeded", 1)


async def test_a_missed_heartbeat_is_made_up_for_by_the_next(
    harness: Harness, fits: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = training_requests.heartbeat
    missed = 0

    async def misses_two(*arguments: object, **named: object) -> bool:
        nonlocal missed
        if missed < 2:
            missed += 1
            raise ConnectionResetError("database away")
        return await beats(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(training_requests, "heartbeat", misses_two)
    identity = await request(harness)
    async with held(trainer(harness, fits, lease_s=0.15), fits, Gate()) as task:
        await harness.clock.sleep(600)
        await eventually(lambda: lease_is_extended(harness, identity))
    assert missed == 2
    assert task.result() == 1
    assert (await state(harness, identity)).status == "succeeded"


async def test_a_fit_that_dies_is_tried_again_and_given_up_after_the_third_time(harness: Harness) -> None:
    identity = await request(harness)
    executor = ProcessExecutor(timeout_s=60)
    made = trainer(harness, executor)
    for attempt in (1, 2, 3):
        killing = asyncio.create_task(_kill_the_worker(executor))
        with pytest.raises(FitInterruptedError, match="died"):
            await made.drain()
        await killing
        now = await state(harness, identity)
        assert (now.status, now.attempts) == ("queued" if attempt < 3 else "failed", attempt)
        assert "the fitting process died" in now.error
    assert await made.drain() == 0
    assert now.finished_at == END
    assert await registered(harness) == []
    executor.close()


async def _kill_the_worker(executor: ProcessExecutor) -> None:
    async def started() -> bool:
        return executor._pool is not None and bool(executor._pool._processes)

    await eventually(started)
    for process in list(executor._pool._processes.values()):
        process.kill()


async def test_an_unexpected_error_is_an_attempt_with_its_reason(harness: Harness, served: Trainer, fits: Fits) -> None:
    async def breaks(job: FitJob) -> FitJob:
        raise ZeroDivisionError("a bug")

    fits.before = breaks
    identity = await request(harness)
    with pytest.raises(ZeroDivisionError):
        await served.drain()
    now = await state(harness, identity)
    assert (now.status, now.attempts, now.error) == ("queued", 1, "ZeroDivisionError: a bug")


async def test_a_finished_fit_waits_for_the_database(
    harness: Harness, served: Trainer, fits: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    register, tries = models.register, 0

    async def away_twice(connection: Connection, record: ModelRecord) -> bool:
        nonlocal tries
        tries += 1
        if tries <= 2:
            raise ConnectionResetError("database away")
        return await register(connection, record)

    monkeypatch.setattr(models, "register", away_twice)
    identity = await request(harness)
    assert await served.drain() == 1
    done = await state(harness, identity)
    assert (done.status, done.attempts, len(fits.jobs)) == ("succeeded", 1, 1)
    assert await registered(harness) == [done.model_id]


async def test_an_outage_before_the_fit_leaves_the_request_to_its_lease(
    harness: Harness, served: Trainer, fits: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise ConnectionResetError("database away")

    identity = await request(harness)
    with monkeypatch.context() as patch:
        patch.setattr(models, "champion", away)
        with pytest.raises(ConnectionResetError):
            await served.drain()
    assert (await state(harness, identity)).status == "running"
    assert await served.drain() == 0
    await harness.clock.sleep(LEASE_S + 1)
    assert await served.drain() == 1
    assert await registered(harness) == [(await state(harness, identity)).model_id]


async def test_the_loop_goes_on_after_a_failure_and_wakes_on_a_request(
    harness: Harness, served: Trainer, fits: Fits
) -> None:
    failures = 0

    async def dies_once(job: FitJob) -> FitJob:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise FitInterruptedError("killed")
        return job

    fits.before = dies_once
    first = await request(harness)
    loop = asyncio.create_task(served.run())

    async def failed() -> bool:
        return (await state(harness, first)).error is not None

    await eventually(failed)
    # The next look would come in 15 seconds; the request's message wakes the loop now.
    started = asyncio.get_running_loop().time()
    second = await request(harness, "drift")
    for identity in (first, second):
        await eventually(partial(has_succeeded, harness, identity))
    assert asyncio.get_running_loop().time() - started < 10
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

"""Who may work on a request: one trainer at a time, and whoever lost the lease changes nothing any more."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.trainer.executor import FitInterruptedError, FitJob, ProcessExecutor
from services.trainer.handlers import Trainer
from shared.contracts.messages import ContenderRegistered
from shared.registry import models, training_requests
from shared.valuation.snapshot import Snapshot
from tests.factories.small_market import END
from tests.factories.stand import Stand
from tests.factories.waiting import eventually
from tests.integration.trainer.conftest import LEASE_S, Fits, request, state, trainer


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


async def registered(stand: Stand) -> list[str]:
    async with stand.database.connection() as connection:
        return [record.model_id for record in await models.listing(connection)]


async def lease_until(stand: Stand, request_id: UUID) -> datetime:
    until = await stand.value("select lease_until from training_requests where request_id = $1", request_id)
    assert isinstance(until, datetime)
    return until


async def until(stand: Stand, request_id: UUID, status: str) -> None:
    async def reached() -> bool:
        return (await state(stand, request_id)).status == status

    await eventually(reached)


async def test_a_leased_request_is_not_taken_by_a_second_trainer(stand: Stand, served: Trainer, fits: Fits) -> None:
    identity = await request(stand)
    async with held(served, fits, Gate()) as task:
        assert await trainer(stand, fits).drain() == 0
        assert (await state(stand, identity)).status == "running"
        assert await lease_until(stand, identity) == END + timedelta(seconds=LEASE_S)
    assert task.result() == 1
    assert (await state(stand, identity)).status == "succeeded"


async def test_an_expired_lease_is_taken_over_and_the_late_result_is_refused(
    stand: Stand, served: Trainer, fits: Fits
) -> None:
    identity = await request(stand)
    async with held(served, fits, Gate(another=True)) as late:
        await stand.clock.sleep(LEASE_S + 1)
        assert await trainer(stand, fits).drain() == 1
        taken_over = await state(stand, identity)
        assert (taken_over.status, taken_over.attempts) == ("succeeded", 2)
    assert late.result() == 1
    assert await registered(stand) == [taken_over.model_id]
    assert await state(stand, identity) == taken_over
    assert len(await stand.told(ContenderRegistered)) == 1


async def test_a_late_result_is_refused_while_the_other_still_works(stand: Stand, served: Trainer, fits: Fits) -> None:
    identity = await request(stand)
    second = Gate()
    async with held(served, fits, first := Gate(another=True)) as late:
        await stand.clock.sleep(LEASE_S + 1)
        async with held(trainer(stand, fits), fits, second):
            first.open.set()
            await late
            assert await registered(stand) == []
            assert (await state(stand, identity)).status == "running"
    assert await registered(stand) == [(await state(stand, identity)).model_id]


async def test_the_heartbeat_keeps_the_lease_of_a_long_fit(stand: Stand, served: Trainer, fits: Fits) -> None:
    identity = await request(stand)
    async with held(trainer(stand, fits, lease_s=0.15), fits, Gate()):
        await stand.clock.sleep(600)

        async def extended() -> bool:
            return await lease_until(stand, identity) > stand.clock.now()

        await eventually(extended)
        assert await trainer(stand, fits).drain() == 0
    assert (await state(stand, identity)).attempts == 1


async def test_a_database_that_goes_away_during_the_fit_costs_nothing(
    stand: Stand, served: Trainer, fits: Fits
) -> None:
    identity = await request(stand)
    cut = """select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()"""
    async with held(trainer(stand, fits, lease_s=0.15), fits, Gate()) as task:
        for _ in range(5):
            await stand.value(cut)
            await asyncio.sleep(0.06)
    assert task.result() == 1
    done = await state(stand, identity)
    assert (done.status, done.attempts) == ("succeeded", 1)


async def test_a_missed_heartbeat_is_made_up_for_by_the_next(
    stand: Stand, served: Trainer, fits: Fits, monkeypatch: pytest.MonkeyPatch
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
    identity = await request(stand)
    async with held(trainer(stand, fits, lease_s=0.15), fits, Gate()) as task:
        await stand.clock.sleep(600)

        async def extended() -> bool:
            return await lease_until(stand, identity) > stand.clock.now()

        await eventually(extended)
    assert missed == 2
    assert task.result() == 1
    assert (await state(stand, identity)).status == "succeeded"


async def test_a_fit_that_dies_is_tried_again_and_given_up_after_the_third_time(stand: Stand, served: Trainer) -> None:
    identity = await request(stand)
    executor = ProcessExecutor(timeout_s=60)
    made = trainer(stand, executor)
    for attempt in (1, 2, 3):
        killing = asyncio.create_task(_kill_the_worker(executor))
        with pytest.raises(FitInterruptedError, match="died"):
            await made.drain()
        await killing
        now = await state(stand, identity)
        assert (now.status, now.attempts) == ("queued" if attempt < 3 else "failed", attempt)
        assert now.error is not None
        assert "the fitting process died" in now.error
    assert await made.drain() == 0
    assert now.finished_at == END
    assert await registered(stand) == []
    executor.close()


async def _kill_the_worker(executor: ProcessExecutor) -> None:
    async def started() -> bool:
        return executor._pool is not None and bool(executor._pool._processes)

    await eventually(started)
    assert executor._pool is not None
    for process in list(executor._pool._processes.values()):
        process.kill()


async def test_an_unexpected_error_is_an_attempt_with_its_reason(stand: Stand, served: Trainer, fits: Fits) -> None:
    async def breaks(job: FitJob) -> FitJob:
        raise ZeroDivisionError("a bug")

    fits.before = breaks
    identity = await request(stand)
    with pytest.raises(ZeroDivisionError):
        await served.drain()
    now = await state(stand, identity)
    assert (now.status, now.attempts, now.error) == ("queued", 1, "ZeroDivisionError: a bug")


async def test_an_outage_leaves_the_request_to_its_lease(
    stand: Stand, served: Trainer, fits: Fits, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> bool:
        raise ConnectionResetError("database away")

    identity = await request(stand)
    with monkeypatch.context() as patch:
        patch.setattr(models, "register", away)
        with pytest.raises(ConnectionResetError):
            await served.drain()
    assert (await state(stand, identity)).status == "running"
    assert await served.drain() == 0
    await stand.clock.sleep(LEASE_S + 1)
    assert await served.drain() == 1
    assert await registered(stand) == [(await state(stand, identity)).model_id]


async def test_the_loop_goes_on_after_a_failure_and_wakes_on_a_request(
    stand: Stand, served: Trainer, fits: Fits
) -> None:
    failures = 0

    async def dies_once(job: FitJob) -> FitJob:
        nonlocal failures
        failures += 1
        if failures == 1:
            raise FitInterruptedError("killed")
        return job

    fits.before = dies_once
    first = await request(stand)
    loop = asyncio.create_task(served.run())

    async def failed() -> bool:
        return (await state(stand, first)).error is not None

    await eventually(failed)
    # The next look would come in 15 seconds; the request's message wakes the loop now.
    started = asyncio.get_running_loop().time()
    second = await request(stand, "drift")
    await until(stand, first, "succeeded")
    await until(stand, second, "succeeded")
    assert asyncio.get_running_loop().time() - started < 10
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

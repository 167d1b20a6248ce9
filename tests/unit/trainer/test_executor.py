import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import psutil
import pytest

from services.trainer.executor import FitInterruptedError, FitJob, ProcessExecutor, run_fit
from shared.valuation.training import TooFewSalesError
from tests.factories import small_market
from tests.factories.waiting import eventually


@pytest.fixture
def executor() -> Iterator[ProcessExecutor]:
    made = ProcessExecutor(timeout_s=60)
    yield made
    made.close()


def job(*, days_before: int = 0) -> FitJob:
    learn, _ = small_market.inputs(small_market.END - timedelta(days=days_before))
    return FitJob(snapshot=learn.to_parquet(), threads=1)


async def worker(executor: ProcessExecutor) -> psutil.Process:
    """The fitting process, once it is there."""

    async def started() -> bool:
        return executor._pool is not None and bool(executor._pool._processes)

    await eventually(started)
    (pid,) = executor._pool._processes
    return psutil.Process(pid)


async def test_a_process_that_was_started_ahead_runs_the_fit(executor: ProcessExecutor) -> None:
    executor.start()
    ahead = await worker(executor)
    assert await executor.fit(job())
    assert await worker(executor) == ahead


FIRST_PROCESS = """
from pathlib import Path
from services.trainer.executor import ProcessExecutor
executor = ProcessExecutor(timeout_s=60)
executor.start()
(pid,) = executor._pool._processes
print(Path(f"/proc/{pid}/status").read_text())
executor.close()
"""


def test_the_first_process_leaves_signals_to_the_service_while_it_still_imports() -> None:
    # In an interpreter of its own: with its first process, Python starts a resource tracker, which unblocks signals.
    ended = subprocess.run([sys.executable, "-c", FIRST_PROCESS], capture_output=True, text=True, check=True)
    blocked = int(ended.stdout.split("SigBlk:")[1].split()[0], 16)
    assert [number for number in (signal.SIGINT, signal.SIGTERM) if not blocked >> (number - 1) & 1] == []


async def gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def test_a_dead_process_is_replaced_and_one_that_refuses_is_kept(executor: ProcessExecutor) -> None:
    first = asyncio.create_task(executor.fit(job()))
    (await worker(executor)).kill()
    with pytest.raises(FitInterruptedError, match="died"):
        await first
    with pytest.raises(TooFewSalesError, match="import more history"):
        await executor.fit(job(days_before=75))
    alive = await worker(executor)
    assert await executor.fit(job()) == run_fit(job())
    assert await worker(executor) == alive, "a refusal is no reason for a new process"


async def test_a_fit_over_the_time_limit_is_killed() -> None:
    executor = ProcessExecutor(timeout_s=0.3)
    started = time.monotonic()
    fitting = asyncio.create_task(executor.fit(job()))
    process = await worker(executor)
    with pytest.raises(FitInterruptedError, match="longer than"):
        await fitting
    assert time.monotonic() - started < 10
    await eventually(partial(gone, process))


async def test_closing_ends_the_process() -> None:
    executor = ProcessExecutor(timeout_s=60)
    fitting = asyncio.create_task(executor.fit(job()))
    process = await worker(executor)
    executor.close()
    with pytest.raises((FitInterruptedError, asyncio.CancelledError)):
        await fitting
    await eventually(partial(gone, process))

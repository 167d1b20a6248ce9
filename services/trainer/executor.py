"""Fits in a separate process, so that a crash, a leak or an endless fit never takes the service down."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol, TypeVar

from shared.errors import TransientError
from shared.valuation.snapshot import Snapshot
from shared.valuation.training import fit

Result = TypeVar("Result")
_LEFT_TO_THE_SERVICE = (signal.SIGINT, signal.SIGTERM)


class FitInterruptedError(TransientError):
    """The fitting process died or ran out of time."""


@dataclass(frozen=True)
class FitJob:
    """The inputs of a fit, sent to another process. `snapshot` is a Parquet file."""

    snapshot: bytes
    threads: int


class TrainingExecutor(Protocol):
    """Runs a fit somewhere and returns the model file."""

    async def fit(self, job: FitJob) -> bytes: ...

    def close(self) -> None: ...


def run_fit(job: FitJob) -> bytes:
    """Fit in the worker process; returns the bytes of the model file."""
    return fit(Snapshot.from_parquet(job.snapshot), threads=job.threads).to_bytes()


def end_with_parent() -> None:
    """End the worker process when the service ends, even if the service is killed.

    Ctrl-C reaches every process of a terminal, and systemd's SIGTERM every process of a unit. The worker ignores both
    and leaves the decision to the service.
    """
    for number in _LEFT_TO_THE_SERVICE:
        signal.signal(number, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end-with-parent", daemon=True).start()


class ProcessExecutor:
    """One spawned worker process, replaced when it dies or exceeds the hard time limit."""

    def __init__(self, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Start the process ahead of a fit that is sure to come: its imports take seconds."""
        self._submit(os.getpid)

    async def fit(self, job: FitJob) -> bytes:
        """Run the fit.

        Raises:
            FitInterruptedError: the process was killed or crashed, or the fit exceeded the time limit and was killed.
        """
        try:
            future = self._submit(run_fit, job)
            return await asyncio.wait_for(asyncio.wrap_future(future), self._timeout_s)
        except TimeoutError as error:
            self._kill()
            raise FitInterruptedError(f"the fit took longer than {self._timeout_s:.0f} s and was killed") from error
        except BrokenProcessPool as error:
            self._kill()
            raise FitInterruptedError("the fitting process died; it is tried again with a new one") from error

    def _submit(self, work: Callable[..., Result], *arguments: object) -> Future[Result]:
        # The pool first: it starts Python's resource tracker, which unblocks both signals again.
        pool = self._started()
        # A new process inherits the mask. It still imports when the signal comes, and would end with a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_TO_THE_SERVICE)
        try:
            return pool.submit(work, *arguments)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=end_with_parent
            )
        return self._pool

    def _kill(self) -> None:
        if self._pool is not None:
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def close(self) -> None:
        self._kill()

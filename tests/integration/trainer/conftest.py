"""A trainer over the small market, whose fits run where the test says."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from services.trainer.executor import FitJob, run_fit
from services.trainer.handlers import Trainer
from shared.contracts.messages import TrainingRequested
from shared.messaging.bus import Subscription
from shared.registry import training_requests
from shared.registry.training_requests import TrainingRequest
from shared.signing.notes import SigningKey
from shared.stores.market_reader import MarketReader
from tests.factories.database import Database
from tests.factories.harness import Harness
from tests.factories.small_market import END, HOLDOUT

LEASE_S = 60.0


class Fits:
    """Fits in this process, each job once however often a test asks; `before` may delay, fail or change one."""

    def __init__(self) -> None:
        self._known: dict[FitJob, bytes] = {}
        self.jobs: list[FitJob] = []
        self.before: Callable[[FitJob], Awaitable[FitJob]] | None = None

    async def fit(self, job: FitJob) -> bytes:
        self.jobs.append(job)
        if self.before is not None:
            job = await self.before(job)
        if job not in self._known:
            self._known[job] = await asyncio.to_thread(run_fit, job)
        return self._known[job]

    def close(self) -> None:
        """There is no process to end."""


@pytest.fixture(scope="session")
def all_fits() -> Fits:
    return Fits()


@pytest.fixture
def fits(all_fits: Fits) -> Fits:
    all_fits.before = None
    all_fits.jobs = []
    return all_fits


def trainer(
    harness: Harness,
    executor: object,
    *,
    lease_s: float = LEASE_S,
    poll_s: float = 15.0,
    keys: Sequence[SigningKey] = (),
) -> Trainer:
    return Trainer(
        database=harness.database,
        clock=harness.clock,
        store=harness.store,
        reader=MarketReader(),
        executor=executor,  # type: ignore[arg-type]
        holdout_sales=HOLDOUT,
        lease_s=lease_s,
        threads=1,
        keys=keys,
        poll_s=poll_s,
    )


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> Harness:
    harness = Harness.at(END, database, tmp_path)
    await harness.import_until(END)
    return harness


@pytest.fixture
async def served(harness: Harness, fits: Fits) -> Trainer:
    """A trainer that listens."""
    made = trainer(harness, fits)
    await harness.bus.subscribe(Subscription("trainer", (TrainingRequested,), made.on_training_requested))
    return made


async def request(harness: Harness, reason: str = "age", **fields: object) -> UUID:
    return await harness.send(TrainingRequested(reason=reason, requested_by="test", **fields))


async def worked_off(harness: Harness, served: Trainer, reason: str = "age", **fields: object) -> TrainingRequest:
    """A request that the trainer has ended."""
    identity = await request(harness, reason, **fields)
    assert await served.drain() == 1
    return await state(harness, identity)


async def state(harness: Harness, request_id: UUID) -> TrainingRequest:
    return await harness.run(training_requests.get, request_id)

"""Turn training requests into registered contenders.

A fit takes longer than a delivery may, so the handler stores the request and acknowledges in milliseconds. A loop
claims rows with a lease, fits in a subprocess while a heartbeat renews the lease, and commits only if it still holds
the lease.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from services.trainer.executor import FitInterruptedError, FitJob, TrainingExecutor
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ContenderRegistered, TrainingRequested
from shared.database.pool import AWAY, Database
from shared.errors import InvalidInputError, PermanentError, PunkcastError, TooManyOpenError, TransientError
from shared.messaging.transaction import handling, originating
from shared.registry import model_files, models, signing_keys, training_requests
from shared.registry.models import ModelRecord
from shared.registry.training_requests import ClaimedRequest, bus_origin
from shared.runtime import lineage
from shared.signing.notes import SigningKey
from shared.storage.object_store import ObjectStore, StoreUnavailableError
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.valuation.inputs import evaluation_snapshot, holdout_cutoff, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot

log = structlog.get_logger(__name__)
CONSUMER = "trainer"
T = TypeVar("T")
_OUTAGES: Final[Mapping[str, tuple[type[Exception], ...]]] = {"store": (StoreUnavailableError,), "database": AWAY}


class Trainer:
    """Processes the queue of training requests."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        store: ObjectStore,
        reader: MarketReader,
        executor: TrainingExecutor,
        holdout_sales: int,
        lease_s: float,
        threads: int,
        most_open: int = training_requests.MOST_OPEN,
        keys: Sequence[SigningKey] = (),
        poll_s: float = 15.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._reader = reader
        self._executor = executor
        self._holdout_sales = holdout_sales
        self._lease_s = lease_s
        self._threads = threads
        self._most_open = most_open
        self._keys = keys
        self._poll_s = poll_s
        self._wake = asyncio.Event()

    async def on_training_requested(self, message: Envelope) -> None:
        """Store the request, unless one of the same origin and reason is open.

        The platform's own requests are stored before their messages, which name no user. Whatever else a message says,
        it came by the bus, from the user for whom the broker vouches.
        """
        request, now = message.data, self._clock.now()
        assert isinstance(request, TrainingRequested)
        identity, origin, queued = request.request_id or message.id, bus_origin(message.sender), False
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            try:
                queued = await training_requests.enqueue(
                    transaction.connection,
                    request_id=identity,
                    reason=request.reason,
                    requested_by=request.requested_by,
                    origin=origin,
                    data_cutoff=request.data_cutoff,
                    at=now,
                    most_open=self._most_open,
                )
            except TooManyOpenError as error:
                log.warning("training.refused", reason=str(error))
                await training_requests.refuse(
                    transaction.connection, identity, request, str(error), origin=origin, at=now
                )
        self._wake.set()
        log.info("training.requested", reason=request.reason, queued=queued)

    async def on_drain_requested(self, message: Envelope) -> None:
        """Wake the loop, which looks for queued rows."""
        self._wake.set()

    async def run(self) -> None:
        """Claim and train until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.drain()
            except (PunkcastError, *AWAY) as error:
                log.warning("training.loop", reason=f"{type(error).__name__}: {error}")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wake.wait()

    async def drain(self) -> int:
        """Train until the queue is empty; returns the number of processed requests.

        Raises:
            Exception: an attempt failed, and a later one may succeed.
        """
        worked = 0
        while True:
            async with self._database.transaction() as connection:
                claimed = await training_requests.claim(connection, at=self._clock.now(), lease_s=self._lease_s)
            if claimed is None:
                return worked
            worked += 1
            await self._work(claimed)

    async def _work(self, claimed: ClaimedRequest) -> None:
        heartbeat = asyncio.create_task(self._keep_lease(claimed))
        try:
            await self._train(claimed)
        except asyncio.CancelledError:
            # A planned stop is no failed attempt. If this write fails, the lease runs out.
            with suppress(PunkcastError, *AWAY):
                async with self._database.transaction() as connection:
                    if await training_requests.hand_back(connection, claimed.request_id, claimed.lease_token):
                        log.info("training.handed_back", request=str(claimed.request_id))
            raise
        except PermanentError as error:
            await self._end_attempt(claimed, str(error), permanent=True)
        except Exception as error:
            if isinstance(error, FitInterruptedError) or not isinstance(error, (TransientError, *AWAY)):
                await self._end_attempt(claimed, f"{type(error).__name__}: {error}", permanent=False)
            # An outage uses up no attempt: the request is claimed again after its lease expires.
            raise
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat

    async def _keep_lease(self, claimed: ClaimedRequest) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            until = self._clock.now() + timedelta(seconds=self._lease_s)
            try:
                async with self._database.transaction() as connection:
                    kept = await training_requests.heartbeat(
                        connection, claimed.request_id, claimed.lease_token, until=until
                    )
            except AWAY as error:
                log.warning("training.heartbeat_missed", request=str(claimed.request_id), reason=str(error))
                continue
            if not kept:
                log.warning("training.lease_lost", request=str(claimed.request_id))
                return

    async def _train(self, claimed: ClaimedRequest) -> None:
        learn, judge, champion = await self._inputs(claimed)
        artifact = await self._executor.fit(FitJob(snapshot=learn.to_parquet(), threads=self._threads))
        stored = [
            await self._retry_while_away("store", partial(snapshots.upload, self._store, each))
            for each in (learn, judge)
        ]
        reference = await self._retry_while_away(
            "store", partial(self._store.put, "models", artifact, extension="json")
        )
        # Loading checks the reference rows: a model that this code cannot serve is no contender.
        model = await asyncio.to_thread(ValuationModel.from_bytes, artifact, threads=self._threads)
        now = self._clock.now()
        record = ModelRecord(
            **model.facts(),
            state="registered",
            artifact_key=reference.key,
            artifact_sha256=reference.sha256,
            artifact_bytes=reference.size,
            **vars(lineage.current()),
            training_snapshot=learn.snapshot_id,
            evaluation_snapshot=judge.snapshot_id,
            training_rows=learn.frame.height,
            report={"evaluation_sales": judge.frame.height},
            training_request=claimed.request_id,
            parent_model=champion,
            registered_at=now,
        )
        notes = model_files.signatures(record.model_id, record.artifact_sha256, self._keys)
        record = record.model_copy(update={"signatures": notes})

        async def register() -> None:
            async with originating(self._database, self._clock, source=CONSUMER) as transaction:
                connection = transaction.connection
                if not await training_requests.succeed(
                    connection, claimed.request_id, claimed.lease_token, record.model_id, at=now
                ):
                    log.warning("training.lease_lost", request=str(claimed.request_id))
                    return
                for snapshot, archived in zip((learn, judge), stored, strict=True):
                    await snapshots.record(connection, snapshot, at=now)
                    await snapshots.record_archive(connection, archived, at=now)
                await signing_keys.remember(connection, [str(key.verifier) for key in self._keys], at=now)
                if await models.register(connection, record):
                    await transaction.emit(ContenderRegistered(model_id=record.model_id, request_id=claimed.request_id))
            cutoff = learn.as_of.isoformat()
            log.info("contender.registered", model=record.model_id, cutoff=cutoff, rows=learn.frame.height)

        await self._retry_while_away("database", register)

    async def _inputs(self, claimed: ClaimedRequest) -> tuple[Snapshot, Snapshot, str | None]:
        """The training snapshot, the hold-out, and the champion's id."""
        now = self._clock.now()
        if claimed.data_cutoff is not None and claimed.data_cutoff > now:
            raise InvalidInputError(
                f"data_cutoff {claimed.data_cutoff.isoformat()} is in the future (now is {now.isoformat()}), so sales "
                "before it are still to come; request again with an earlier cut-off, or without one"
            )
        async with self._reader.alone():
            async with self._database.connection() as connection:
                await self._reader.refresh(connection)
                champion = await models.champion(connection)
            timeline, prices = self._reader.timeline, self._reader.prices
            cutoff = claimed.data_cutoff or holdout_cutoff(timeline, now, self._holdout_sales)
            learn = await asyncio.to_thread(training_snapshot, timeline, prices, cutoff)
            judge = await asyncio.to_thread(evaluation_snapshot, timeline, prices, cutoff, now)
        return learn, judge, champion.model_id if champion else None

    async def _retry_while_away(self, server: str, write: Callable[[], Awaitable[T]]) -> T:
        """Retry until the `store` or the `database` is back: a fit is too expensive to discard."""
        while True:
            try:
                return await write()
            except _OUTAGES[server] as error:
                log.warning(f"training.{server}_away", reason=str(error))
                await self._clock.sleep(self._poll_s)

    async def _end_attempt(self, claimed: ClaimedRequest, reason: str, *, permanent: bool) -> None:
        at = self._clock.now()
        async with self._database.transaction() as connection:
            await training_requests.fail(
                connection, claimed.request_id, claimed.lease_token, reason, at=at, permanent=permanent
            )
        log.error("training.attempt_failed", request=str(claimed.request_id), reason=reason, permanent=permanent)

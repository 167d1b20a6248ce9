"""Value all 10,000 punks and publish by moving one pointer row.

snapshot -> features -> predict, with the intervals of the day -> guards -> write the generation -> move the pointer ->
archive. Standby models (the fallback, which is the previous champion, and shadows) value the same snapshot in their own
generations, so that all models are compared on the same sales.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import structlog

from services.nowcaster import repository
from services.nowcaster.archive import Archive
from services.nowcaster.models import LoadedModels
from services.nowcaster.repository import Failure, LastValues
from services.nowcaster.unsupported import note_standby, report_champion
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import NowcastPublished, NowcastRequested
from shared.database.pool import Database
from shared.database.text import storable
from shared.errors import PermanentError, TransientError, UnsupportedModelError
from shared.market.series import Floats
from shared.messaging import ticks
from shared.messaging.transaction import Transaction, handling
from shared.registry import facts, pointer
from shared.registry import models as registry
from shared.registry.models import ActiveModel
from shared.stores import snapshot_repository
from shared.stores.market_reader import MarketReader
from shared.units import eth_in_wei
from shared.valuation import generation as generations
from shared.valuation.calibration import Calibration
from shared.valuation.generation import Generation
from shared.valuation.inputs import later_sales, nowcast_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot

log = structlog.get_logger(__name__)
CONSUMER = "nowcaster"
DRIFT_MEMORY = timedelta(days=2)
"""Older values do not limit new values: after a long outage they would refuse every nowcast permanently."""


class GuardError(PermanentError):
    """The champion's new values must not be published. The last generation stays, and readers see its age."""


class OvertakenError(TransientError):
    """The champion changed or another process published during this cycle. The cycle is repeated."""


@dataclass(frozen=True)
class Prepared:
    """One model's generation, computed and checked, but not written."""

    active: ActiveModel
    generation: Generation
    values_eth: Floats
    merkle_root: str
    calibration: Calibration


@dataclass(frozen=True)
class Failed:
    """A model that failed this cycle."""

    active: ActiveModel
    error: Exception

    @property
    def own_fault(self) -> bool:
        """Neither the store, the database nor this code is to blame."""
        return not isinstance(self.error, (TransientError, ConnectionError, UnsupportedModelError))


class Nowcaster:
    """Publishes nowcasts."""

    def __init__(
        self, *, database: Database, clock: Clock, reader: MarketReader, models: LoadedModels, archive: Archive
    ) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader
        self._models = models
        self._archive = archive
        self._last_values: dict[str, LastValues] = {}
        self._calibrators: dict[str, tuple[pl.DataFrame, Callable[[datetime], Calibration]]] = {}
        # One model at a time predicts, on all cores.
        self._valuing = asyncio.Lock()

    async def on_market_updated(self, message: Envelope) -> None:
        """Read new events ahead of the next nowcast. A hint without effects needs no inbox."""
        async with self._reader.alone(), self._database.connection() as connection:
            await self._reader.refresh(connection)

    async def on_nowcast_requested(self, message: Envelope) -> None:
        """The half-hourly tick."""
        assert isinstance(message.data, NowcastRequested)
        ticks.require_due(message, self._clock.now())
        await self._cycle(message, message.data.slot)

    async def on_champion_changed(self, message: Envelope) -> None:
        """Publish a nowcast of the new champion at once, unless its values are shown already."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            await facts.recorded(connection, message, now=now)
            shown = await repository.current(connection)
            at = await pointer.read(connection)
        if shown is not None and at is not None and shown.model_id == at.model_id:
            async with handling(self._database, self._clock, consumer=CONSUMER, cause=message):
                log.info("nowcast.skipped", reason="the champion's values are shown", model=at.model_id)
            return
        await self._cycle(message, now)

    async def _cycle(self, message: Envelope, as_of: datetime) -> None:
        async with self._database.connection() as connection:
            shown = await repository.current(connection)
            active = await registry.active(connection)
        champion = next((model.record.model_id for model in active if model.role == "champion"), None)
        outdated = shown is not None and (as_of < shown.as_of or (as_of == shown.as_of and shown.model_id == champion))
        snapshot: Snapshot | None = None
        prepared: list[Prepared] = []
        failed: list[Failed] = []
        unsupported: UnsupportedModelError | None = None
        if champion is None:
            log.warning("nowcast.skipped", reason="no champion yet; a training request starts the first one")
        elif outdated:
            log.info("nowcast.skipped", reason="a newer nowcast is already published", as_of=as_of.isoformat())
        else:
            snapshot, outcomes = await self._inputs(active, as_of)
            try:
                prepared, failed = await self._prepare_all(active, snapshot, outcomes)
            except UnsupportedModelError as error:
                unsupported = error
        written: dict[int, pl.DataFrame] = {}
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            if snapshot is not None:
                if await repository.lock(transaction.connection) != (champion, shown):
                    raise OvertakenError(f"the nowcast as of {as_of.isoformat()} was overtaken; it is computed again")
                if unsupported is None:
                    written = await self._publish(transaction, snapshot, prepared)
                    await self._note_failed(transaction, failed, prepared, snapshot)
                else:
                    assert champion is not None
                    await report_champion(transaction, champion, unsupported)
        for model in prepared:
            self._last_values[model.active.record.model_id] = LastValues(as_of, model.values_eth)
        if snapshot is not None:
            await self._archive.catch_up(snapshot, written)

    async def _inputs(
        self, active: list[ActiveModel], as_of: datetime
    ) -> tuple[Snapshot, dict[datetime, pl.DataFrame]]:
        """The snapshot to value, and the sales after each data cut-off, from one state of the market."""
        async with self._reader.alone():
            async with self._database.connection() as connection:
                await self._reader.refresh(connection)
            timeline, prices = self._reader.timeline, self._reader.prices
            snapshot = await asyncio.to_thread(nowcast_snapshot, timeline, prices, as_of)
            outcomes = {
                cutoff: await asyncio.to_thread(later_sales, timeline, prices, data_cutoff=cutoff, instant=as_of)
                for cutoff in {model.record.data_cutoff for model in active}
            }
        ids = {model.record.model_id for model in active}
        self._calibrators = {model_id: kept for model_id, kept in self._calibrators.items() if model_id in ids}
        return snapshot, outcomes

    async def _prepare_all(
        self, active: list[ActiveModel], snapshot: Snapshot, later: dict[datetime, pl.DataFrame]
    ) -> tuple[list[Prepared], list[Failed]]:
        """The values of all models. A failed standby model is left out; a failed champion ends the cycle.

        Standby models finish first, so that the monitor can tell a broken champion from a broken snapshot.

        Raises:
            UnsupportedModelError: this code cannot serve the champion, which is not the champion's fault.
            GuardError, IntegrityError: the champion's values or file are refused.
            Exception: the champion failed for any other reason.
        """
        results = await asyncio.gather(
            *(self._prepare(model, snapshot, later[model.record.data_cutoff]) for model in active)
        )
        prepared = [result for result in results if isinstance(result, Prepared)]
        failed = [result for result in results if isinstance(result, Failed)]
        champion = next((model for model in failed if model.active.role == "champion"), None)
        if champion is not None:
            if champion.own_fault:
                async with self._database.transaction() as connection:
                    await repository.note_failures(connection, self._failures(failed, prepared, snapshot))
            raise champion.error
        return prepared, failed

    async def _note_failed(
        self, transaction: Transaction, failed: list[Failed], prepared: list[Prepared], snapshot: Snapshot
    ) -> None:
        """Record failed standby models of a published cycle, those that this code cannot serve separately."""
        await repository.note_failures(transaction.connection, self._failures(failed, prepared, snapshot))
        missing = [
            (model.active, str(model.error)) for model in failed if isinstance(model.error, UnsupportedModelError)
        ]
        await note_standby(transaction, missing)

    def _failures(self, failed: list[Failed], prepared: list[Prepared], snapshot: Snapshot) -> list[Failure]:
        return [
            Failure(
                model_id=model.active.record.model_id,
                as_of=snapshot.as_of,
                role=model.active.role,
                refused=isinstance(model.error, PermanentError),
                reason=storable(str(model.error)),
                valued_by=tuple(fine.active.record.model_id for fine in prepared),
                failed_at=self._clock.now(),
            )
            for model in failed
            if model.own_fault
        ]

    async def _prepare(self, active: ActiveModel, snapshot: Snapshot, outcomes: pl.DataFrame) -> Prepared | Failed:
        """Value and check. `outcomes` are the sales that the calibration comes from."""
        model_id = active.record.model_id
        try:
            model = await self._models.load(active.record)
            calibration = await asyncio.to_thread(self._calibration, model_id, model, outcomes, snapshot.as_of)
            async with self._valuing:
                values = await asyncio.to_thread(model.predict, snapshot.frame, calibration)
            broken = generations.violations(values, await self._previous_values(model_id, snapshot.as_of))
            if broken:
                raise GuardError(
                    f"nowcast of {model_id} as of {snapshot.as_of.isoformat()} refused: {'; '.join(broken)}"
                )
            generation = await asyncio.to_thread(generations.build, values)
            merkle_root = await asyncio.to_thread(generation.merkle_root)
            return Prepared(active, generation, values.value_eth, merkle_root, calibration)
        except Exception as error:
            # A lost file, an unreachable store or a library error of one model must not stop the others.
            log.error("nowcast.model_failed", model=model_id, role=active.role, reason=str(error))
            return Failed(active, error)

    def _calibration(
        self, model_id: str, model: ValuationModel, outcomes: pl.DataFrame, instant: datetime
    ) -> Calibration:
        """Computed once a day, and again if a late sale or close changes the day's outcomes."""
        cached = self._calibrators.get(model_id)
        if cached is None or not cached[0].equals(outcomes):
            cached = self._calibrators[model_id] = outcomes, model.calibrator(outcomes).at
        return cached[1](instant)

    async def _previous_values(self, model_id: str, as_of: datetime) -> Floats | None:
        """The model's last values, if they are recent enough to be compared with."""
        if model_id not in self._last_values:
            async with self._database.connection() as connection:
                stored = await repository.last_values(connection, model_id)
            if stored is None:
                return None
            self._last_values[model_id] = stored
        last = self._last_values[model_id]
        return last.values_eth if as_of - last.as_of <= DRIFT_MEMORY else None

    async def _publish(
        self, transaction: Transaction, snapshot: Snapshot, prepared: list[Prepared]
    ) -> dict[int, pl.DataFrame]:
        """Write every generation and move the pointer to the champion's. Returns the rows by generation."""
        written: dict[int, pl.DataFrame] = {}
        connection, now = transaction.connection, self._clock.now()
        await snapshot_repository.record(connection, snapshot, at=now)
        floor_wei = eth_in_wei(float(snapshot.frame["floor_eth"].min()))  # type: ignore[arg-type]
        for model in prepared:
            generation_id = await repository.write(
                connection,
                model.generation,
                role=model.active.role,
                model_id=model.active.record.model_id,
                snapshot=snapshot,
                floor_wei=floor_wei,
                merkle_root=model.merkle_root,
                calibration=model.calibration,
                at=now,
            )
            if generation_id is None:
                continue
            written[generation_id] = model.generation.frame
            if model.active.role != "champion":
                continue
            await repository.move_pointer(connection, generation_id, at=now)
            await transaction.emit(
                NowcastPublished(
                    generation_id=generation_id,
                    model_id=model.active.record.model_id,
                    snapshot_id=snapshot.snapshot_id,
                    as_of=snapshot.as_of,
                    published_at=now,
                    values_sha256=model.generation.values_sha256,
                    merkle_root=model.merkle_root,
                )
            )
            log.info("nowcast.published", generation=generation_id, model=model.active.record.model_id)
        return written

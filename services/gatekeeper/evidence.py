"""Gather the evidence about a contender: load the files, value the hold-out and a whole snapshot, state the facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import structlog

from shared.clock import Clock
from shared.database.pool import Database
from shared.errors import IntegrityError, NotFoundError, UnsupportedModelError
from shared.evaluation.arrays import Floats
from shared.evaluation.evidence import (
    GateEvidence,
    HoldoutSales,
    InfraFacts,
    LineageFacts,
    Predictions,
    SnapshotValues,
)
from shared.evaluation.metrics import Band
from shared.evaluation.policy import Policy
from shared.market.reader import MarketReader
from shared.registry.models import ModelRecord, artifact
from shared.snapshots import repository as snapshots
from shared.snapshots.snapshot import Snapshot
from shared.storage.object_store import ObjectStore
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.model import ValuationModel, Values, model_id

log = structlog.get_logger(__name__)
RARE_TYPES = ("Zombie", "Ape", "Alien")
UNKNOWN = "unknown"
"""What a trainer writes that could not find out its own code."""


@dataclass(frozen=True)
class Gathered:
    """The evidence, and the snapshots it was taken on."""

    evidence: GateEvidence
    evaluation_snapshot: str
    nowcast_snapshot: str | None


@dataclass(frozen=True)
class _Loaded:
    model: ValuationModel | None
    sha256_matches: bool
    error: str


@dataclass(frozen=True)
class _Files:
    """What the evidence is taken from.

    `again` is the contender's file read a second time, as a nowcaster would after the promotion; `learnt` its training
    snapshot, whose last sales came after the cut-offs of the others and are outcomes of theirs.
    """

    new: _Loaded
    again: _Loaded
    old: _Loaded | None
    anchor: _Loaded | None
    holdout: Snapshot | None
    learnt: Snapshot | None
    nowcast: Snapshot | None


class EvidenceGatherer:
    """Reads what was registered. Changes nothing, but that it archives a nowcast snapshot when there is none yet."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        reader: MarketReader,
        clock: Clock,
        policy: Policy,
        threads: int,
        stopwatch: Callable[[], float],
    ) -> None:
        self._database = database
        self._store = store
        self._reader = reader
        self._clock = clock
        self._policy = policy
        self._threads = threads
        self._stopwatch = stopwatch

    async def gather(
        self,
        contender: ModelRecord,
        champion: ModelRecord | None,
        anchor: ModelRecord | None = None,
        *,
        nowcast: str | None = None,
    ) -> Gathered:
        """Everything the gate looks at. What cannot be read is missing evidence, which never passes.

        `anchor` is the last confirmed champion when that is another model than the champion; `nowcast` the archived
        snapshot to value, by default the newest.

        Raises:
            TransientError: the object store is away, or the market was never read.
        """
        valued = None
        if champion is not None:
            valued = await (self._nowcast() if nowcast is None else self._snapshot(nowcast))
        files = _Files(
            new=await self._load(contender),
            again=await self._load(contender),
            old=await self._load(champion) if champion else None,
            anchor=await self._load(anchor) if anchor else None,
            holdout=await self._snapshot(contender.evaluation_snapshot),
            learnt=await self._snapshot(contender.training_snapshot) if champion else None,
            nowcast=valued,
        )
        evidence = await asyncio.to_thread(self._evaluate, contender, champion, anchor, files)
        return Gathered(evidence, contender.evaluation_snapshot, None if valued is None else valued.snapshot_id)

    async def _nowcast(self) -> Snapshot | None:
        """The newest archived nowcast snapshot; before the first one is archived, one made and archived here."""
        async with self._database.connection() as connection:
            newest = await snapshots.newest_archived_nowcast(connection)
        if newest is not None:
            return await self._snapshot(newest)
        now = self._clock.now()
        async with self._reader.alone():
            async with self._database.connection() as connection:
                await self._reader.refresh(connection)
            made = await asyncio.to_thread(nowcast_snapshot, self._reader.timeline, self._reader.prices, now)
        archived = await snapshots.upload(self._store, made)
        async with self._database.transaction() as connection:
            await snapshots.record(connection, made, at=now)
            await snapshots.record_archive(connection, archived, at=now)
        log.info("gate.snapshot_made", snapshot=made.snapshot_id, reason="no nowcast is archived yet")
        return made

    async def _snapshot(self, snapshot_id: str) -> Snapshot | None:
        try:
            async with self._database.connection() as connection:
                return await snapshots.load(connection, self._store, snapshot_id)
        except (IntegrityError, NotFoundError) as error:
            log.error("gate.snapshot_unreadable", snapshot=snapshot_id, reason=str(error))
            return None

    async def _load(self, record: ModelRecord) -> _Loaded:
        try:
            body = await self._store.get(artifact(record))
        except (IntegrityError, NotFoundError) as error:
            log.error("gate.artifact_unreadable", model=record.model_id, reason=str(error))
            return _Loaded(None, False, str(error))
        try:
            model = await asyncio.to_thread(ValuationModel.from_bytes, body, threads=self._threads)
        except (IntegrityError, UnsupportedModelError) as error:
            return _Loaded(None, True, str(error))
        return _Loaded(model, True, "")

    def _evaluate(
        self, contender: ModelRecord, champion: ModelRecord | None, anchor: ModelRecord | None, files: _Files
    ) -> GateEvidence:
        new, holdout, nowcast = files.new, files.holdout, files.nowcast
        old, third = (None if loaded is None else loaded.model for loaded in (files.old, files.anchor))
        rows = None if holdout is None else _priced(holdout.frame)
        return GateEvidence(
            has_champion=champion is not None,
            has_anchor=anchor is not None,
            lineage=_lineage(contender, champion, anchor, new.model, holdout),
            infra=self._infra(contender, files, rows),
            sales=None if rows is None or new.model is None else _sales(rows, files.learnt, new.model, old, third),
            snapshot=_snapshot_values(nowcast, new.model, old),
        )

    def _infra(self, contender: ModelRecord, files: _Files, rows: pl.DataFrame | None) -> InfraFacts:
        loaded, model = files.new, files.new.model
        if model is None or rows is None or rows.height == 0:
            return InfraFacts(model is not None, loaded.error, loaded.sha256_matches, None, None, 0, None)
        frames = [rows] if files.nowcast is None else [rows, files.nowcast.frame]
        started = self._stopwatch()
        values = [model.predict(frame) for frame in frames]
        elapsed = self._stopwatch() - started
        log.info("gate.latency", seconds=round(elapsed, 4), rows=sum(len(v) for v in values))
        deployed = files.again.model
        return InfraFacts(
            loads=True,
            load_error="",
            sha256_matches=loaded.sha256_matches,
            finite_positive=all(_finite_positive(v) for v in values),
            golden_difference=model.reference_difference(),
            golden_rows=0 if model.reference is None else model.reference.rows.height,
            latency_s=elapsed,
            parity_difference=None
            if deployed is None
            else max(_difference(v, deployed.predict(f)) for v, f in zip(values, frames, strict=True)),
            parity_rows=sum(len(v) for v in values),
        )


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    """Sales that had a floor to be measured by."""
    return frame.filter(pl.col("floor_eth").is_finite() & (pl.col("floor_eth") > 0))


def _lineage(
    contender: ModelRecord,
    champion: ModelRecord | None,
    anchor: ModelRecord | None,
    model: ValuationModel | None,
    holdout: Snapshot | None,
) -> LineageFacts:
    required = {
        "git_sha": contender.git_sha if contender.git_sha != UNKNOWN else "",
        "environment_hash": contender.environment_hash,
        "xgboost_version": contender.xgboost_version,
        "artifact_format": contender.artifact_format,
        "feature_schema": contender.feature_schema,
        "params": contender.params,
        "training_rows": contender.training_rows,
    }
    missing = [name for name, value in required.items() if not value]
    if contender.model_id != model_id(contender.artifact_sha256):
        missing.append("model_id is not that of its bytes")
    if model is not None and model.data_cutoff != contender.data_cutoff:
        missing.append("data_cutoff differs from the file's")
    if model is not None and model.feature_schema != contender.feature_schema:
        missing.append("feature_schema differs from the file's")
    if holdout is not None and holdout.frame["event_seq"].n_unique() != holdout.frame.height:
        missing.append("the hold-out names a sale twice")
    return LineageFacts(
        tuple(missing),
        contender.data_cutoff,
        champion.data_cutoff if champion else None,
        anchor.data_cutoff if anchor else None,
    )


def _sales(
    rows: pl.DataFrame,
    learnt: Snapshot | None,
    new: ValuationModel,
    old: ValuationModel | None,
    anchor: ValuationModel | None,
) -> HoldoutSales:
    """Every model is calibrated by the outcomes before each sale since its own cut-off, as it is in service."""
    earlier = None if learnt is None else learnt.frame
    return HoldoutSales(
        price=_floats(rows, "price_eth"),
        floor=_floats(rows, "floor_eth"),
        last_sale_carry=_floats(rows, "last_sale_carry_eth"),
        trait_median=_floats(rows, "trait_median_eth"),
        time=rows["sale_time"].dt.epoch("s").to_numpy().astype(np.int64),
        rare=np.isin(rows["punk_type"].to_numpy().astype(str), RARE_TYPES),
        contender=_predictions(new.predict_forward(rows)),
        champion=None if old is None else _predictions(old.predict_forward(rows, earlier)),
        anchor=None if anchor is None else _predictions(anchor.predict_forward(rows, earlier)),
    )


def _snapshot_values(
    nowcast: Snapshot | None, new: ValuationModel | None, old: ValuationModel | None
) -> SnapshotValues | None:
    if nowcast is None or new is None or old is None:
        return None
    return SnapshotValues(contender=new.predict(nowcast.frame).value_eth, champion=old.predict(nowcast.frame).value_eth)


def _predictions(values: Values) -> Predictions:
    return Predictions(values.value_eth, (Band(0.8, values.lo80, values.hi80), Band(0.9, values.lo90, values.hi90)))


def _arrays(values: Values) -> tuple[Floats, ...]:
    return (values.value_eth, values.lo50, values.hi50, values.lo80, values.hi80, values.lo90, values.hi90)


def _finite_positive(values: Values) -> bool:
    return all(bool(np.all(np.isfinite(a) & (a > 0))) for a in _arrays(values))


def _difference(judged: Values, deployed: Values) -> float:
    """The largest relative difference of any value or bound; infinite where one is not a number."""
    worst = max(
        float(np.max(np.abs(other - one) / np.abs(one)))
        for one, other in zip(_arrays(judged), _arrays(deployed), strict=True)
    )
    return worst if np.isfinite(worst) else float("inf")


def _floats(rows: pl.DataFrame, column: str) -> Floats:
    return rows[column].to_numpy().astype(np.float64)

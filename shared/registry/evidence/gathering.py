"""Gather the evidence about a contender: load the files, value the hold-out and a whole snapshot, state the facts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import structlog

from shared.clock import Clock
from shared.database.pool import Database
from shared.errors import IntegrityError, NotFoundError, UnsupportedModelError
from shared.evaluation.evidence import GateEvidence, Unsupported
from shared.market.reader import MarketReader
from shared.registry.evidence.facts import Files, Loaded, evidence_of
from shared.registry.models import ModelRecord, artifact
from shared.registry.unsupported import UnsupportedModel
from shared.snapshots import repository as snapshots
from shared.snapshots.snapshot import Snapshot
from shared.storage.object_store import ObjectStore
from shared.valuation.feature_table import schema_hash
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.model import ValuationModel

log = structlog.get_logger(__name__)
# A sale after $3 was scored against a nowcast that had only stayed because no newer one came.
PUBLISHED_SQL = """
select o.event_seq, o.value_wei::float8 / 1e18 as value_eth
from outcomes o join sales s using (event_seq)
where o.model_id = $1 and o.track = 'champion' and o.horizon = 'latest'
  and o.event_seq = any($2::bigint[]) and s.event_time < $3
"""


@dataclass(frozen=True)
class Gathered:
    """The evidence, and the snapshots it was taken on."""

    evidence: GateEvidence
    evaluation_snapshot: str
    nowcast_snapshot: str | None


@dataclass(frozen=True)
class Then:
    """The conditions of a recorded gate: its nowcast snapshot, and the models that its code could not serve."""

    nowcast: str | None
    champion_unsupported: Unsupported | None
    anchor_unsupported: str | None


class EvidenceGatherer:
    """Reads registered files. Its only write is a nowcast snapshot, which it archives when none fits."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        reader: MarketReader,
        clock: Clock,
        threads: int,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._database = database
        self._store = store
        self._reader = reader
        self._clock = clock
        self._threads = threads
        self._stopwatch = stopwatch

    async def gather(
        self,
        contender: ModelRecord,
        champion: ModelRecord | None,
        anchor: ModelRecord | None = None,
        *,
        unsupported: UnsupportedModel | None = None,
        then: Then | None = None,
    ) -> Gathered:
        """All the evidence that a gate judges. What cannot be read is missing, and missing evidence never passes.

        Args:
            anchor: the last confirmed champion when that is another model than the champion.
            unsupported: the nowcaster's record that it cannot serve the champion.
            then: the conditions of a recorded gate, to gather its evidence a second time.

        Raises:
            UnsupportedModelError: this code cannot serve the contender, or a champion that is served elsewhere: code
            of another release has to judge. TransientError: the object store is away, or the market was never read.
        """
        new, again = await self._load(contender), await self._load(contender)
        old, champion_unsupported = await self._champion(champion, unsupported, then)
        third, anchor_unsupported = None, None
        if anchor is not None and champion_unsupported is None:
            third, anchor_unsupported = await self._anchor(anchor, then)
        holdout = await self._snapshot(contender.evaluation_snapshot)
        valued = None
        if old is not None:
            valued = await (self._nowcast() if then is None else self._snapshot(then.nowcast))
        published: dict[int, float] = {}
        if champion is not None and champion_unsupported is not None and holdout is not None:
            published = await self._published(champion.model_id, holdout, champion_unsupported)
        learnt = await self._snapshot(contender.training_snapshot) if old or third else None
        frames = [one.frame for one in (holdout, learnt) if one is not None]
        files = Files(
            new=_able(new, frames[:1]),
            again=_able(again, frames[:1]),
            old=None if old is None else _able(old, frames),
            anchor=None if third is None else _able(third, frames),
            holdout=holdout,
            learnt=learnt,
            nowcast=valued,
            champion_unsupported=champion_unsupported,
            anchor_unsupported=anchor_unsupported,
            published=published,
        )
        evidence = await asyncio.to_thread(evidence_of, contender, champion, anchor, files, stopwatch=self._stopwatch)
        return Gathered(evidence, contender.evaluation_snapshot, None if valued is None else valued.snapshot_id)

    async def _published(self, model_id: str, holdout: Snapshot, unsupported: Unsupported) -> dict[int, float]:
        """The champion's newest value (ETH) before each sale of the hold-out, by event number, while it was served."""
        sales = holdout.frame["event_seq"].to_list()
        async with self._database.connection() as connection:
            rows = await connection.fetch(PUBLISHED_SQL, model_id, sales, unsupported.since)
        return {row["event_seq"]: row["value_eth"] for row in rows}

    async def _champion(
        self, champion: ModelRecord | None, unsupported: UnsupportedModel | None, then: Then | None
    ) -> tuple[Loaded | None, Unsupported | None]:
        """Its file, or why there is none to compare with."""
        if champion is None:
            return None, None
        if then is not None and then.champion_unsupported is not None:
            return None, then.champion_unsupported
        try:
            return await self._load(champion), None
        except UnsupportedModelError as error:
            if then is not None or unsupported is None:
                raise
            return None, Unsupported(str(error), unsupported.since)

    async def _anchor(self, anchor: ModelRecord, then: Then | None) -> tuple[Loaded | None, str | None]:
        if then is not None and then.anchor_unsupported is not None:
            return None, then.anchor_unsupported
        try:
            return await self._load(anchor), None
        except UnsupportedModelError as error:
            if then is not None:
                raise
            return None, str(error)

    async def _nowcast(self) -> Snapshot | None:
        """The newest archived nowcast snapshot, if this code computes the same features; else one made here.

        There is none before the first is archived, and one of an older release may lack what a contender reads, or have
        computed it otherwise.
        """
        async with self._database.connection() as connection:
            newest = await snapshots.newest_archived_nowcast(connection)
        if newest is not None:
            archived_one = await self._snapshot(newest)
            if archived_one is None or archived_one.feature_schema == schema_hash():
                return archived_one
        now = self._clock.now()
        async with self._reader.alone():
            async with self._database.connection() as connection:
                await self._reader.refresh(connection)
            made = await asyncio.to_thread(nowcast_snapshot, self._reader.timeline, self._reader.prices, now)
        archived = await snapshots.upload(self._store, made)
        async with self._database.transaction() as connection:
            await snapshots.record(connection, made, at=now)
            await snapshots.record_archive(connection, archived, at=now)
        log.info("gate.snapshot_made", snapshot=made.snapshot_id, newest_archived=newest)
        return made

    async def _snapshot(self, snapshot_id: str | None) -> Snapshot | None:
        if snapshot_id is None:
            return None
        try:
            async with self._database.connection() as connection:
                return await snapshots.load(connection, self._store, snapshot_id)
        except (IntegrityError, NotFoundError) as error:
            log.error("gate.snapshot_unreadable", snapshot=snapshot_id, reason=str(error))
            return None

    async def _load(self, record: ModelRecord) -> Loaded:
        """Raises UnsupportedModelError: the file is sound, and not for this code."""
        try:
            body = await self._store.get(artifact(record))
        except (IntegrityError, NotFoundError) as error:
            log.error("gate.artifact_unreadable", model=record.model_id, reason=str(error))
            return Loaded(None, False, str(error))
        try:
            model = await asyncio.to_thread(ValuationModel.from_bytes, body, threads=self._threads)
        except IntegrityError as error:
            return Loaded(None, True, str(error))
        return Loaded(model, True, "")


def _able(loaded: Loaded, frames: list[pl.DataFrame]) -> Loaded:
    """The same, unless a snapshot lacks a column of the model: it was made by a trainer of an older release."""
    if loaded.model is None:
        return loaded
    lacking = {name for frame in frames for name in loaded.model.lacking(frame)}
    if not lacking:
        return loaded
    return Loaded(
        None, loaded.sha256_matches, f"the hold-out lacks {', '.join(sorted(lacking))}; train with this release"
    )

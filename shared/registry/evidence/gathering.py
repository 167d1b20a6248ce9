"""Gather the evidence about a contender: load its files, value the hold-out and one snapshot, state the facts."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl
import structlog

from shared.clock import Clock
from shared.database.pool import Database
from shared.errors import IntegrityError, NotFoundError, UnsupportedModelError
from shared.evaluation.evidence import GateEvidence, Unsupported
from shared.evaluation.judgement import GateInputs
from shared.registry import model_files
from shared.registry.evidence.facts import Files, Loaded, evidence_of
from shared.registry.models import ModelRecord
from shared.registry.unsupported import UnsupportedModel
from shared.signing.notes import VerifierKey
from shared.storage.object_store import ObjectStore
from shared.stores import snapshot_repository as snapshots
from shared.stores.market_reader import MarketReader
from shared.valuation.feature_table import schema_hash
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.snapshot import Snapshot

log = structlog.get_logger(__name__)
# Later sales were scored against the last nowcast of a champion that could no longer be served.
PUBLISHED_SQL = """
select o.event_seq, o.value_wei::float8 / 1e18 as value_eth
from outcomes o join sales s using (event_seq)
where o.model_id = $1 and o.track = 'champion' and o.horizon = 'latest'
  and o.event_seq = any($2::bigint[]) and s.event_time < $3
"""


@dataclass(frozen=True)
class Gathered:
    """The evidence, and the ids of the snapshots behind it."""

    evidence: GateEvidence
    evaluation_snapshot: str
    nowcast_snapshot: str | None


class EvidenceGatherer:
    """Read-only, except that it archives a nowcast snapshot if none fits."""

    def __init__(
        self,
        *,
        database: Database,
        store: ObjectStore,
        reader: MarketReader,
        clock: Clock,
        threads: int,
        max_latency_s: float,
        trusted: Sequence[VerifierKey] = (),
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._database = database
        self._store = store
        self._reader = reader
        self._clock = clock
        self._threads = threads
        self._stopwatch = stopwatch
        self._max_latency_s = max_latency_s
        self._trusted = trusted

    async def gather(
        self,
        contender: ModelRecord,
        champion: ModelRecord | None,
        last_confirmed: ModelRecord | None = None,
        *,
        unsupported: UnsupportedModel | None = None,
        recorded: GateInputs | None = None,
    ) -> Gathered:
        """Everything the gate judges. Whatever cannot be read is missing evidence, which never passes.

        Args:
            last_confirmed: the last confirmed champion, when it is not the champion itself.
            unsupported: the nowcaster's record that it cannot serve the champion.
            recorded: the inputs of a recorded decision, to gather its evidence again.

        Raises:
            UnsupportedModelError: this code cannot serve the contender, or a champion that another release serves.
                Code of that release has to judge.
            TransientError: the object store is down, or no market has been read yet.
        """
        loaded, deployed = await self._load(contender), await self._load(contender)
        unserved: Unsupported | UnsupportedModel | None = unsupported
        champion_reason = anchor_reason = None
        if recorded is not None:
            unserved, anchor_reason = recorded.evidence.champion_unsupported, recorded.evidence.anchor_unsupported
            champion_reason = None if unserved is None else unserved.reason
        old, reason = await self._served(champion, champion_reason, required=recorded is not None or unserved is None)
        champion_unsupported = None if reason is None or unserved is None else Unsupported(reason, unserved.since)
        confirmed, anchor_unsupported = await self._served(
            None if champion_unsupported else last_confirmed, anchor_reason, required=recorded is not None
        )
        holdout = await self._snapshot(contender.evaluation_snapshot)
        nowcast = None
        if old is not None:
            nowcast = await (self._nowcast() if recorded is None else self._snapshot(recorded.nowcast_snapshot))
        published: dict[int, float] = {}
        if champion is not None and champion_unsupported is not None and holdout is not None:
            published = await self._published(champion.model_id, holdout, champion_unsupported)
        training = await self._snapshot(contender.training_snapshot) if old or confirmed else None
        frames = [snapshot.frame for snapshot in (holdout, training) if snapshot is not None]
        files = Files(
            contender=_able(loaded, frames[:1]),
            deployed=_able(deployed, frames[:1]),
            champion=None if old is None else _able(old, frames),
            last_confirmed=None if confirmed is None else _able(confirmed, frames),
            holdout=holdout,
            training=training,
            nowcast=nowcast,
            published=published,
        )
        facts = await asyncio.to_thread(
            evidence_of,
            files,
            has_champion=champion is not None,
            has_anchor=last_confirmed is not None,
            champion_unsupported=champion_unsupported,
            anchor_unsupported=anchor_unsupported,
            stopwatch=self._stopwatch,
            max_latency_s=self._max_latency_s,
        )
        return Gathered(facts, contender.evaluation_snapshot, None if nowcast is None else nowcast.snapshot_id)

    async def _published(self, model_id: str, holdout: Snapshot, unsupported: Unsupported) -> dict[int, float]:
        """The champion's last published value (ETH) before each sale of the hold-out, by event number."""
        sales = holdout.frame["event_seq"].to_list()
        async with self._database.connection() as connection:
            rows = await connection.fetch(PUBLISHED_SQL, model_id, sales, unsupported.since)
        return {row["event_seq"]: row["value_eth"] for row in rows}

    async def _served(
        self, record: ModelRecord | None, recorded: str | None, *, required: bool
    ) -> tuple[Loaded | None, str | None]:
        """A model's file, or why this code cannot serve it; `recorded`: why the code of a recorded gate could not.

        Raises:
            UnsupportedModelError: this code cannot serve a model that is `required`.
        """
        if record is None or recorded is not None:
            return None, recorded
        try:
            return await self._load(record), None
        except UnsupportedModelError as error:
            if required:
                raise
            return None, str(error)

    async def _nowcast(self) -> Snapshot | None:
        """The newest archived nowcast snapshot if its features are those of this code, else a new one.

        A snapshot of an older release may lack a feature of the contender, or hold another computation of it.
        """
        async with self._database.connection() as connection:
            newest = await snapshots.newest_archived_nowcast(connection)
        if newest is not None:
            stored = await self._snapshot(newest)
            if stored is None or stored.feature_schema == schema_hash():
                return stored
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
        """Raises UnsupportedModelError: this code cannot serve the sound file, or no trusted key signed it."""
        try:
            body = await model_files.read(self._store, record, trusted=self._trusted)
        except (IntegrityError, NotFoundError) as error:
            log.error("gate.artifact_unreadable", model=record.model_id, reason=str(error))
            return Loaded(record, None, False, str(error))
        try:
            model = await asyncio.to_thread(ValuationModel.from_bytes, body, threads=self._threads)
        except IntegrityError as error:
            return Loaded(record, None, True, str(error))
        return Loaded(record, model, True, "")


def _able(loaded: Loaded, frames: list[pl.DataFrame]) -> Loaded:
    """The loaded model; an error if a snapshot lacks a column of the model, because an older trainer made it."""
    if loaded.model is None:
        return loaded
    lacking = {name for frame in frames for name in loaded.model.lacking(frame)}
    if not lacking:
        return loaded
    why = f"the hold-out lacks {', '.join(sorted(lacking))}; train with this release"
    return replace(loaded, model=None, error=why)

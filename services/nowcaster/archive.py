"""Archives published snapshots and generations as Parquet files in the object store.

Publishing does not wait for the store. Postgres shows what is not archived yet: rows are read back, and snapshots are
recomputed from the events known at the time, which gives the same content and id.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

import polars as pl
import structlog

from services.nowcaster import repository
from services.nowcaster.repository import Unarchived
from shared.clock import Clock
from shared.database.pool import Database
from shared.errors import NotFoundError, TransientError
from shared.storage.object_store import ObjectStore
from shared.stores import generation_archive, snapshot_repository
from shared.stores.market_reader import MarketReader
from shared.stores.snapshot_repository import Archived
from shared.valuation.inputs import nowcast_snapshot
from shared.valuation.snapshot import Snapshot

log = structlog.get_logger(__name__)
BATCH = 20


class Archive:
    """Uploads what was published and is not in the object store yet."""

    def __init__(self, *, database: Database, store: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._complete_to = 0

    async def catch_up(
        self, just_published: Snapshot | None = None, rows: Mapping[int, pl.DataFrame] = MappingProxyType({})
    ) -> int:
        """Archive a bounded number of missing generations and return that number.

        The snapshot and rows (by generation) just published need not be read or computed again.
        """
        async with self._database.connection() as connection:
            missing = await repository.unarchived(connection, after=self._complete_to, limit=BATCH)
        # Not the shared reader, which is ahead.
        past = MarketReader()
        done = 0
        for snapshot_id, group in groupby(missing, key=lambda generation: generation.snapshot_id):
            generations = list(group)
            try:
                await self._archive(generations, just_published, rows, past)
            except TransientError as error:
                log.warning("archive.postponed", snapshot=snapshot_id, reason=str(error))
                return done
            done += len(generations)
            self._complete_to = generations[-1].generation_id
        return done

    async def _archive(
        self,
        missing: Sequence[Unarchived],
        just_published: Snapshot | None,
        rows: Mapping[int, pl.DataFrame],
        past: MarketReader,
    ) -> None:
        """Archive generations of one snapshot, and the snapshot if it is missing."""
        first = missing[0]
        ids = [generation.generation_id for generation in missing]
        async with self._database.connection() as connection:
            frames = [rows[id_] if id_ in rows else await repository.generation_rows(connection, id_) for id_ in ids]
            try:
                await snapshot_repository.archive_reference(connection, "snapshot", first.snapshot_id)
                snapshot_archived = True
            except NotFoundError:
                snapshot_archived = False
        snapshot = None if snapshot_archived else just_published
        if not snapshot_archived and (snapshot is None or snapshot.snapshot_id != first.snapshot_id):
            snapshot = await self._recompute(first, past)
        uploads = [self._upload_rows(id_, frame) for id_, frame in zip(ids, frames, strict=True)]
        if snapshot is not None and snapshot.snapshot_id == first.snapshot_id:
            uploads.append(snapshot_repository.upload(self._store, snapshot))
        elif snapshot is not None:
            # A daily close arrived later and changed the features of this instant.
            log.warning("archive.snapshot_lost", snapshot=first.snapshot_id, generations=ids)
        archived = await asyncio.gather(*uploads)
        async with self._database.transaction() as connection:
            for upload in archived:
                await snapshot_repository.record_archive(connection, upload, at=self._clock.now())

    async def _upload_rows(self, generation_id: int, rows: pl.DataFrame) -> Archived:
        reference = await self._store.put(
            "generations", await asyncio.to_thread(generation_archive.to_file, rows), extension="parquet"
        )
        return Archived("generation", str(generation_id), reference)

    async def _recompute(self, missing: Unarchived, past: MarketReader) -> Snapshot:
        """The snapshot, from exactly the events that had been read when it was made."""
        async with past.alone():
            if past.last_seq > missing.last_event_seq:
                past.forget()
            async with self._database.connection() as connection:
                await past.refresh(connection, up_to=missing.last_event_seq)
            return await asyncio.to_thread(nowcast_snapshot, past.timeline, past.prices, missing.as_of)

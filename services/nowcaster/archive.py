"""Snapshots and generations as Parquet files in the object store, after they were published.

Publishing does not wait for the store. What could not be archived is found again in Postgres and made anew: rows are
read back, snapshots recomputed from the events that were known then (the same content, so the same id).
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from types import MappingProxyType

import polars as pl
import structlog

from services.nowcaster import repository
from services.nowcaster.repository import Unarchived
from shared.clock import Clock
from shared.database.pool import Database
from shared.errors import NotFoundError, TransientError
from shared.market.reader import MarketReader
from shared.snapshots import repository as snapshot_repository
from shared.snapshots.repository import Archived
from shared.snapshots.snapshot import Snapshot
from shared.storage.object_store import ObjectStore
from shared.valuation.inputs import nowcast_snapshot

log = structlog.get_logger(__name__)
BATCH = 20


class Archive:
    """Brings the object store up to date with what was published."""

    def __init__(self, *, database: Database, store: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._complete_to = 0

    async def catch_up(
        self, just_published: Snapshot | None = None, rows: Mapping[int, pl.DataFrame] = MappingProxyType({})
    ) -> int:
        """Archive what is missing (a bounded number) and return how many generations that was.

        The snapshot and the rows (by generation) at hand save reading or computing them again.
        """
        async with self._database.connection() as connection:
            missing = await repository.unarchived(connection, after=self._complete_to, limit=BATCH)
        # A reader of its own: the shared one has long read on.
        past = MarketReader()
        for count, one in enumerate(missing):
            try:
                await self._archive(one, just_published, rows.get(one.generation_id), past)
            except TransientError as error:
                log.warning("archive.postponed", generation=one.generation_id, reason=str(error))
                return count
            self._complete_to = one.generation_id
        return len(missing)

    async def _archive(
        self, missing: Unarchived, at_hand: Snapshot | None, rows: pl.DataFrame | None, past: MarketReader
    ) -> None:
        async with self._database.connection() as connection:
            if rows is None:
                rows = await repository.generation_rows(connection, missing.generation_id)
            try:
                await snapshot_repository.archive_reference(connection, "snapshot", missing.snapshot_id)
                snapshot_archived = True
            except NotFoundError:
                snapshot_archived = False
        reference = await self._store.put("generations", _parquet(rows), extension="parquet")
        archived = [Archived("generation", str(missing.generation_id), reference)]
        if not snapshot_archived:
            snapshot = at_hand
            if snapshot is None or snapshot.snapshot_id != missing.snapshot_id:
                snapshot = await self._recompute(missing, past)
            if snapshot.snapshot_id == missing.snapshot_id:
                archived.append(await snapshot_repository.upload(self._store, snapshot))
            else:
                # A daily close that arrived later changed what this instant looks like.
                log.warning("archive.snapshot_lost", snapshot=missing.snapshot_id, generation=missing.generation_id)
        async with self._database.transaction() as connection:
            for one in archived:
                await snapshot_repository.record_archive(connection, one, at=self._clock.now())

    async def _recompute(self, missing: Unarchived, past: MarketReader) -> Snapshot:
        """The snapshot, from the events that had been read when it was made and no others."""
        async with past.alone():
            if past.last_seq > missing.last_event_seq:
                past.forget()
            async with self._database.connection() as connection:
                await past.refresh(connection, up_to=missing.last_event_seq)
            return await asyncio.to_thread(nowcast_snapshot, past.timeline, past.prices, missing.as_of)


def _parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1)
    return buffer.getvalue()

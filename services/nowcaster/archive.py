"""Snapshots and generations as Parquet files in the object store, after they were published.

Publishing does not wait for the store. What could not be archived is found again in Postgres and made anew: rows are
read back, snapshots recomputed (the same content, so the same id).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import polars as pl
import structlog

from services.nowcaster import repository
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

    def __init__(self, *, database: Database, store: ObjectStore, clock: Clock, reader: MarketReader) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._reader = reader
        self._complete_to = 0

    async def catch_up(
        self, just_published: Snapshot | None = None, rows: Mapping[int, pl.DataFrame] = MappingProxyType({})
    ) -> int:
        """Archive what is missing (a bounded number) and return how many generations that was.

        The snapshot and the rows (by generation) at hand save reading or computing them again.
        """
        async with self._database.connection() as connection:
            missing = await repository.unarchived(connection, after=self._complete_to, limit=BATCH)
        for generation_id, snapshot_id, as_of in missing:
            try:
                await self._archive(generation_id, snapshot_id, as_of, just_published, rows.get(generation_id))
            except TransientError as error:
                log.warning("archive.postponed", generation=generation_id, reason=str(error))
                return 0
            self._complete_to = generation_id
        return len(missing)

    async def _archive(
        self,
        generation_id: int,
        snapshot_id: str,
        as_of: datetime,
        at_hand: Snapshot | None,
        rows: pl.DataFrame | None,
    ) -> None:
        async with self._database.connection() as connection:
            if rows is None:
                rows = await repository.generation_rows(connection, generation_id)
            try:
                await snapshot_repository.archive_reference(connection, "snapshot", snapshot_id)
                snapshot_archived = True
            except NotFoundError:
                snapshot_archived = False
        reference = await self._store.put("generations", _parquet(rows), extension="parquet")
        archived = [Archived("generation", str(generation_id), reference)]
        if not snapshot_archived:
            snapshot = at_hand
            if snapshot is None or snapshot.snapshot_id != snapshot_id:
                async with self._database.connection() as connection:
                    await self._reader.refresh(connection)
                snapshot = nowcast_snapshot(self._reader.timeline, self._reader.prices, as_of)
            if snapshot.snapshot_id == snapshot_id:
                archived.append(await snapshot_repository.upload(self._store, snapshot))
            else:
                # Events that arrived later changed what this instant looks like: the snapshot itself is gone.
                log.warning("archive.snapshot_lost", snapshot=snapshot_id, generation=generation_id)
        async with self._database.transaction() as connection:
            for one in archived:
                await snapshot_repository.record_archive(connection, one, at=self._clock.now())


def _parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1)
    return buffer.getvalue()

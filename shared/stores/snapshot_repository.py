"""Snapshots: metadata in PostgreSQL, bytes in the object store."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.errors import IntegrityError, NotFoundError
from shared.storage.object_store import ObjectRef, ObjectStore
from shared.valuation.snapshot import Snapshot

INSERT_SNAPSHOT_SQL = """
insert into snapshots (snapshot_id, kind, as_of, last_event_seq, last_block, row_count, feature_schema, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (snapshot_id) do nothing
"""
INSERT_ARCHIVE_SQL = """
insert into archives (kind, id, object_key, object_sha256, object_bytes, archived_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (kind, id) do update set removed_at = null where archives.removed_at is not null
"""
SELECT_ARCHIVE_SQL = """
select object_key, object_sha256, object_bytes, removed_at from archives where kind = $1 and id = $2
"""
NEWEST_ARCHIVED_NOWCAST_SQL = """
select s.snapshot_id
from snapshots s
join archives a on a.kind = 'snapshot' and a.id = s.snapshot_id and a.removed_at is null
where s.kind = 'nowcast'
order by s.as_of desc
limit 1
"""


class RemovedError(NotFoundError):
    """The retention policy removed the object. Its record stays."""


@dataclass(frozen=True)
class Archived:
    """An object in the store, before its row in `archives` is written."""

    kind: str
    id: str
    reference: ObjectRef


async def record(connection: Connection, snapshot: Snapshot, *, at: datetime) -> None:
    """Record the snapshot (idempotent)."""
    await connection.execute(
        INSERT_SNAPSHOT_SQL,
        snapshot.snapshot_id,
        snapshot.kind,
        snapshot.as_of,
        snapshot.last_event_seq,
        snapshot.last_block,
        snapshot.frame.height,
        snapshot.feature_schema,
        at,
    )


async def record_archive(connection: Connection, archived: Archived, *, at: datetime) -> None:
    """Record the object's reference (idempotent)."""
    ref = archived.reference
    await connection.execute(INSERT_ARCHIVE_SQL, archived.kind, archived.id, ref.key, ref.sha256, ref.size, at)


async def upload(store: ObjectStore, snapshot: Snapshot) -> Archived:
    """Store the snapshot as a Parquet file."""
    reference = await store.put("snapshots", await asyncio.to_thread(snapshot.to_parquet), extension="parquet")
    return Archived("snapshot", snapshot.snapshot_id, reference)


async def archive_reference(connection: Connection, kind: str, identity: str) -> ObjectRef:
    """The reference of an archived object.

    Raises:
        NotFoundError: the object is not archived yet. RemovedError: it is no longer kept.
    """
    row = await connection.fetchrow(SELECT_ARCHIVE_SQL, kind, identity)
    if row is None:
        raise NotFoundError(
            f"{kind} {identity} is not in the object store; the nowcaster archives it with its next cycle"
        )
    if row["removed_at"] is not None:
        raise RemovedError(
            f"{kind} {identity} is no longer kept; the retention policy removed it on {row['removed_at']:%Y-%m-%d}"
        )
    return ObjectRef(key=row["object_key"], sha256=row["object_sha256"], size=row["object_bytes"])


async def load(connection: Connection, store: ObjectStore, snapshot_id: str) -> Snapshot:
    """Read a snapshot and compare its content with its id.

    Raises:
        NotFoundError: the snapshot is not archived, or no longer kept (RemovedError).
        IntegrityError: the content differs from the id.
    """
    reference = await archive_reference(connection, "snapshot", snapshot_id)
    snapshot = Snapshot.from_parquet(await store.get(reference))
    if snapshot.snapshot_id != snapshot_id:
        raise IntegrityError(f"snapshot {snapshot_id} reads back as {snapshot.snapshot_id}; its archive is damaged")
    return snapshot


async def newest_archived_nowcast(connection: Connection) -> str | None:
    """Id of the newest nowcast snapshot in the store."""
    snapshot_id: str | None = await connection.fetchval(NEWEST_ARCHIVED_NOWCAST_SQL)
    return snapshot_id

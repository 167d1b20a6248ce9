"""Files that are no longer kept: first their rows say so, then the store's listing shows what no row refers to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.pool import Connection, Database
from shared.storage.object_store import ObjectStore
from shared.stores.retention.policy import RetentionPolicy

KINDS = ("models", "snapshots", "generations")
SWEPT = ("snapshots", "generations")
GRACE = timedelta(days=1)
"""A file is written before its row. Younger files without a row are left alone."""

FORGET_COMPANIONS_SQL = """
update archives a set removed_at = $1
from thinned_generations t join generations g using (generation_id)
where a.kind = 'generation' and a.id = g.generation_id::text and g.role <> 'champion' and a.removed_at is null
"""
# $2: before this instant only the inputs of a day's last generation stay. A gate's evidence names its snapshot.
FORGET_INPUTS_SQL = """
update archives a set removed_at = $1
from snapshots s
where a.kind = 'snapshot' and a.id = s.snapshot_id and a.removed_at is null and s.kind = 'nowcast' and s.as_of < $2
  and s.as_of < (select max(as_of) from snapshots where kind = 'nowcast')
  and s.snapshot_id not in (
      select distinct on (date_trunc('day', as_of, 'UTC')) snapshot_id from generations where role = 'champion'
      order by date_trunc('day', as_of, 'UTC'), generation_id desc)
  and not exists (select from nowcast_pointer p join generations g using (generation_id)
                  where g.snapshot_id = s.snapshot_id)
  and not exists (select from decisions d where d.evidence::jsonb ->> 'nowcast_snapshot' = s.snapshot_id)
"""
UNREFERRED_SQL = """
select key from unnest($1::text[]) key
where not exists (select from archives a where a.object_key = key and a.removed_at is null)
"""


@dataclass(frozen=True)
class Kind:
    """Objects of a kind and their bytes."""

    objects: int = 0
    bytes: int = 0


async def forget(connection: Connection, policy: RetentionPolicy, now: datetime) -> None:
    """Note which files are no longer kept."""
    await connection.execute(FORGET_COMPANIONS_SQL, now)
    await connection.execute(FORGET_INPUTS_SQL, now, now - timedelta(days=policy.inputs.every_days))


async def sweep(database: Database, store: ObjectStore, now: datetime) -> tuple[Kind, dict[str, Kind]]:
    """Remove the files of snapshots and generations that no row refers to. Returns what went, and what is left by kind.

    Raises:
        StoreUnavailableError: the store is away; the next run removes the rest.
    """
    gone, left = Kind(), {}
    for kind in KINDS:
        sizes, old = dict[str, int](), list[str]()
        async for listed in store.listing(kind):
            sizes[listed.key] = listed.size
            if listed.written_at < now - GRACE:
                old.append(listed.key)
        unreferred = await _unreferred(database, old) if kind in SWEPT else []
        await store.delete(unreferred)
        freed = sum(sizes.pop(key) for key in unreferred)
        gone = Kind(gone.objects + len(unreferred), gone.bytes + freed)
        left[kind] = Kind(len(sizes), sum(sizes.values()))
    return gone, left


async def _unreferred(database: Database, keys: Sequence[str]) -> list[str]:
    async with database.connection() as connection:
        return [row["key"] for row in await connection.fetch(UNREFERRED_SQL, list(keys))]

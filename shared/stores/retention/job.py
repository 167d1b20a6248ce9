"""One run of the retention job. Each step commits; a run that was killed is continued by the next one."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog

from shared.clock import Clock
from shared.database.pool import Connection, Database
from shared.errors import TransientError
from shared.storage.object_store import ObjectStore
from shared.stores.retention import objects, partitions, thinning
from shared.stores.retention.objects import Kind
from shared.stores.retention.policy import RetentionPolicy

log = structlog.get_logger(__name__)
JOB = "retention"

# Runs exclude each other, and a backup excludes runs: each object of its list must still be there when it is copied.
TRY_ALONE_SQL = "select pg_try_advisory_lock(hashtextextended('punkcast.retention', 0))"
RELEASE_SQL = "select pg_advisory_unlock(hashtextextended('punkcast.retention', 0))"
SIZES_SQL = """
select pg_database_size(current_database()) as database,
       (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint
        from pg_inherits where inhparent = 'nowcasts'::regclass) as nowcasts
"""
BEGIN_RUN_SQL = """
insert into job_runs (job, slot, started_at) values ('retention', $1, $2)
on conflict (job, slot) do update set started_at = excluded.started_at
"""
END_RUN_SQL = "update job_runs set finished_at = $2, detail = $3::text::jsonb where job = 'retention' and slot = $1"
LAST_RUN_SQL = """
select finished_at, detail::text as detail from job_runs
where job = 'retention' and finished_at is not null order by slot desc limit 1
"""
EXPIRE_RUNS_SQL = "delete from job_runs where slot < $1::timestamptz - interval '90 days'"


class RetentionBusyError(TransientError):
    """Another run, or a backup, is at work."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the database and of the rows of nowcasts, and the store's objects by kind."""

    database: int
    nowcasts: int
    store: dict[str, Kind]


@dataclass(frozen=True)
class Run:
    """What a run did: generations that lost their rows, the rows, rewritten partitions and removed objects."""

    generations: int
    rows: int
    rewritten: list[str]
    removed: Kind
    sizes: Sizes


async def run(
    *, database: Database, store: ObjectStore, clock: Clock, policy: RetentionPolicy, slot: datetime | None = None
) -> Run:
    """Apply the policy. Running again changes nothing.

    Raises:
        RetentionBusyError: another run or a backup is at work.
        StoreUnavailableError: the rows are removed, their files not yet.
    """
    now = clock.now()
    slot = slot or now
    async with _alone(database) as connection:
        await connection.execute(BEGIN_RUN_SQL, slot, now)
        await connection.execute(EXPIRE_RUNS_SQL, slot)
        await partitions.prepare(connection)
        due = await thinning.due(connection, policy, now)
        rows = 0
        for batch in thinning.batches(due):
            async with connection.transaction():
                rows += await thinning.thin(connection, batch, now)
        rewritten = await partitions.reclaim(connection)
        await objects.forget(connection, policy, now)
        removed, left = await objects.sweep(database, store, now)
        found = await connection.fetchrow(SIZES_SQL)
        assert found is not None
        done = Run(len(due), rows, rewritten, removed, Sizes(found["database"], found["nowcasts"], left))
        await connection.execute(END_RUN_SQL, slot, clock.now(), json.dumps(asdict(done)))
    log.info("retention.done", generations=done.generations, rows=rows, rewritten=rewritten, objects=removed.objects)
    return done


async def last_run(connection: Connection) -> tuple[datetime, Run] | None:
    """When the newest run that finished did, and what it did."""
    row = await connection.fetchrow(LAST_RUN_SQL)
    if row is None:
        return None
    detail = json.loads(row["detail"])
    sizes = detail.pop("sizes")
    store = {kind: Kind(**left) for kind, left in sizes.pop("store").items()}
    removed = Kind(**detail.pop("removed"))
    return row["finished_at"], Run(**detail, removed=removed, sizes=Sizes(**sizes, store=store))


@asynccontextmanager
async def _alone(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as connection:
        if not await connection.fetchval(TRY_ALONE_SQL):
            raise RetentionBusyError("another run of the retention job, or a backup, is at work; try again later")
        try:
            yield connection
        finally:
            await connection.execute(RELEASE_SQL)

"""The partitions of `nowcasts`: ranges of generations, made ahead; a thinned one is rewritten to return its space.

The last partition, `nowcasts_open`, has no upper bound, so that a publication never lacks a partition. While it is
still empty, it gets a bound and a successor. Nothing here reads rows under a lock that readers wait for.
"""

import asyncio
import re
from dataclasses import dataclass

import asyncpg
import structlog

from shared.database.pool import Connection

log = structlog.get_logger(__name__)

WIDTH = 1_500
"""Generations of a partition: a month of one model at 48 a day."""
WASTE = 1 / 3
"""A partition is rewritten once it had this many removed generations for each that is left."""
OPEN = "nowcasts_open"
_NEW = "nowcasts_new"
_BOUNDS = "bounds"
_LOCK_TRIES = 5
_PAUSE_S = 1.0
_BOUND = re.compile(r"FROM \((?:'(?P<first>\d+)'|MINVALUE)\) TO \((?:'(?P<end>\d+)'|MAXVALUE)\)")

PARTITIONS_SQL = """
select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'nowcasts'::regclass
"""
# The owner of the table owns its partitions, whoever made them: only then may that role change them later.
OWNER_SQL = "select quote_ident(tableowner) from pg_tables where schemaname = current_schema and tablename = 'nowcasts'"
NEWEST_SQL = "select coalesce(max(generation_id), 0) from generations"
WASTE_SQL = """
select count(*) filter (where t.generation_id is null) as kept,
       count(*) filter (where not t.space_returned) as removed
from generations g left join thinned_generations t using (generation_id)
where g.generation_id >= $1 and g.generation_id < $2
"""
RETURNED_SQL = """
update thinned_generations set space_returned = true
where generation_id >= $1 and generation_id < $2 and not space_returned
"""
# The longest wait for a table lock. Behind a waiting lock, readers wait too.
LOCK_WAIT_SQL = "set local lock_timeout = '2s'"


@dataclass(frozen=True)
class Partition:
    """Generations from `first` to below `end`; None for no bound."""

    name: str
    first: int | None
    end: int | None

    @property
    def condition(self) -> str:
        bounds = ((">=", self.first), ("<", self.end))
        return " and ".join(f"generation_id {sign} {bound}" for sign, bound in bounds if bound is not None)

    @property
    def range(self) -> str:
        first, end = "minvalue" if self.first is None else self.first, "maxvalue" if self.end is None else self.end
        return f"from ({first}) to ({end})"


async def partitions(connection: Connection) -> list[Partition]:
    """All partitions, oldest first."""
    found = []
    for row in await connection.fetch(PARTITIONS_SQL):
        bound = _BOUND.search(row["bound"])
        assert bound is not None, row["bound"]
        first, end = (None if text is None else int(text) for text in bound.group("first", "end"))
        found.append(Partition(row["name"], first, end))
    return sorted(found, key=lambda partition: partition.first or 0)


def _key(partition: str) -> str:
    """The name of a partition's primary key."""
    return partition.replace("nowcasts", "nowcasts_pkey")


async def prepare(connection: Connection) -> None:
    """Make partitions ahead: at least one more with a bound than the newest generation needs."""
    newest = int(await connection.fetchval(NEWEST_SQL))
    while (last := (await partitions(connection))[-1]).first is None or newest >= last.first - WIDTH:
        # So far ahead that no publication reaches the bound before it is a partition's, even if this process dies.
        end = (max(newest + WIDTH // 2, last.first or 0) // WIDTH + 1) * WIDTH
        if not await _close(connection, Partition(f"nowcasts_below_{end}", last.first, end)):
            return


async def _close(connection: Connection, closed: Partition) -> bool:
    """Give the open partition a name and an upper bound, and open its successor. False if the table was too busy."""
    bounded = await _change(
        connection,
        f"alter table {OPEN} drop constraint if exists {_BOUNDS}",
        f"alter table {OPEN} add constraint {_BOUNDS} check ({closed.condition}) not valid",
    )
    if not bounded:
        return False
    # Readers and writers go on meanwhile; the partition then takes its bound without a look at its rows.
    validate = f"alter table {OPEN} validate constraint {_BOUNDS}"
    await connection.execute(validate)
    owner = await connection.fetchval(OWNER_SQL)
    return await _change(
        connection,
        f"alter table nowcasts detach partition {OPEN}",
        f"alter table {OPEN} rename to {closed.name}",
        f"alter index {_key(OPEN)} rename to {_key(closed.name)}",
        f"alter table nowcasts attach partition {closed.name} for values {closed.range}",
        f"alter table {closed.name} drop constraint {_BOUNDS}",
        f"create table {OPEN} partition of nowcasts for values {Partition(OPEN, closed.end, None).range}",
        f"alter index {OPEN}_pkey rename to {_key(OPEN)}",
        f"alter table {OPEN} owner to {owner}",
    )


async def reclaim(connection: Connection) -> list[str]:
    """Return the space of removed rows: to the partitions that are still written, or to the disk by a rewrite.

    Returns the names of the rewritten partitions.
    """
    newest, rewritten = int(await connection.fetchval(NEWEST_SQL)), []
    for partition in await partitions(connection):
        first, end = partition.first or 0, partition.end
        if newest < first:
            continue  # made ahead
        if end is None or newest + 1 < end:
            # New rows take the place of removed ones.
            vacuum = f"vacuum {partition.name}"
            await connection.execute(vacuum)
            continue
        waste = await connection.fetchrow(WASTE_SQL, first, end)
        assert waste is not None
        if waste["removed"] and waste["removed"] >= waste["kept"] * WASTE and await _rewrite(connection, partition):
            rewritten.append(partition.name)
    return rewritten


async def _rewrite(connection: Connection, partition: Partition) -> bool:
    """Copy a partition that nobody writes to, and take the copy instead. False if the table was too busy."""
    name = partition.name
    preparation = (
        f"drop table if exists {_NEW}",
        f"create table {_NEW} (like {name} including defaults including constraints)",
        f"alter table {_NEW} add primary key (generation_id, punk_id), add constraint {_BOUNDS} "
        f"check ({partition.condition})",
        f"insert into {_NEW} select * from {name} order by generation_id, punk_id",
        f"analyze {_NEW}",
        f"alter table {_NEW} owner to {await connection.fetchval(OWNER_SQL)}",
    )
    for statement in preparation:
        await connection.execute(statement)
    swapped = await _change(
        connection,
        f"alter table nowcasts detach partition {name}",
        f"drop table {name}",
        f"alter table {_NEW} rename to {name}",
        f"alter index {_NEW}_pkey rename to {_key(name)}",
        f"alter table nowcasts attach partition {name} for values {partition.range}",
        f"alter table {name} drop constraint {_BOUNDS}",
    )
    if swapped:
        await connection.execute(RETURNED_SQL, partition.first or 0, partition.end)
    return swapped


async def _change(connection: Connection, *statements: str) -> bool:
    """Run statements in a transaction that never waits long for a lock. False if every try had to wait too long."""
    for _ in range(_LOCK_TRIES):
        try:
            async with connection.transaction():
                await connection.execute(LOCK_WAIT_SQL)
                for statement in statements:
                    await connection.execute(statement)
            return True
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(_PAUSE_S)
    log.warning("retention.postponed", reason="the table of nowcasts was in use for too long", statement=statements[0])
    return False

"""The chain cursor and the reorganisations, in PostgreSQL.

The market is bi-temporal: `event_time` is when an event happened on the chain; `known_at` and `superseded_at` bound the
time in which the platform took it for true. See docs/adr/0008.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection
from shared.errors import ConflictError, PermanentError
from shared.market.chain import KEPT_BLOCKS, BlockRef, ChainIdentity, Checkpoint, Cursor, Place, digest

SELECT_CURSOR_SQL = "select chain_id, market, block, settled from chain_cursor"
SELECT_BEGUN_SQL = "select begun_after from chain_cursor"
SELECT_BLOCKS_SQL = "select block, hash from chain_blocks where block <= $1 order by block"
STORE_CURSOR_SQL = """
insert into chain_cursor (only_row, chain_id, market, block, moved_at, settled, begun_after)
values (true, $1, $2, $3, $4, $5, $6)
on conflict (only_row) do update
set block = excluded.block, moved_at = excluded.moved_at, settled = excluded.settled
"""
STORE_BLOCKS_SQL = """
insert into chain_blocks (block, hash) select * from unnest($1::bigint[], $2::text[])
on conflict (block) do update set hash = excluded.hash
"""
FORGET_BLOCKS_SQL = "delete from chain_blocks where block > $1 or block <= $2"
LAST_BLOCK_SQL = "select coalesce(max(block), -1) from market_events where superseded_at is null"
STORED_PLACES_SQL = """
select block, log_index, tx_hash from market_events
where superseded_at is null and block between $1 and $2 order by block, log_index
"""
COUNT_REVISIONS_SQL = "select count(*) from market_revisions where $1::bigint is null or last_seq < $1"
SUPERSEDE_EVENTS_SQL = """
with orphaned as (
    update market_events set superseded_at = $2 where superseded_at is null and block > $1 returning seq, block
)
select count(*)::integer as events, min(seq) as first_seq, min(block) as first_block,
       (select max(seq) from market_events) as last_seq
from orphaned
"""
SUPERSEDE_SALES_SQL = """
with orphaned as (
    update sales set superseded_at = $2 where superseded_at is null and event_seq >= $1 returning event_seq
)
select count(*)::integer from orphaned
"""
INSERT_REVISION_SQL = """
insert into market_revisions (first_block, first_seq, last_seq, events, sales, revised_at)
values ($1, $2, $3, $4, $5, $6)
"""


class MissingEventsError(PermanentError):
    """The chain's known events and the events that a node gave differ."""


@dataclass(frozen=True)
class Revision:
    """Events and sales that a reorganisation superseded, with block and sequence number of the first one."""

    first_block: int
    first_seq: int
    events: int
    sales: int


async def load_cursor(connection: Connection, identity: ChainIdentity) -> Cursor | None:
    """The cursor of this market; None before the first read.

    Raises:
        ConflictError: the database follows another market.
    """
    row = await connection.fetchrow(SELECT_CURSOR_SQL)
    if row is None:
        return None
    stored = ChainIdentity(row["chain_id"], row["market"])
    if stored != identity:
        raise ConflictError(
            f"this database follows the market {stored.market} on chain {stored.chain_id}, not {identity.market} on "
            f"chain {identity.chain_id}; correct PUNKCAST_SOURCE_URL, or use another database"
        )
    blocks = await connection.fetch(SELECT_BLOCKS_SQL, row["block"])
    return Cursor(row["block"], tuple(BlockRef(block["block"], block["hash"]) for block in blocks), row["settled"])


async def read_up_to(connection: Connection, identity: ChainIdentity) -> int:
    """The last block read, else the newest event's block; -1 without one. Raises as `load_cursor`."""
    cursor = await load_cursor(connection, identity)
    return int(await connection.fetchval(LAST_BLOCK_SQL)) if cursor is None else cursor.block


async def store_cursor(
    connection: Connection, identity: ChainIdentity, cursor: Cursor, *, begun_after: int, at: datetime
) -> None:
    """Store the cursor with its last block hashes, and drop the hashes of later and much earlier blocks.

    `begun_after`: the block before the first one that is read; later calls do not change it.
    """
    await connection.execute(
        STORE_CURSOR_SQL, identity.chain_id, identity.market, cursor.block, at, cursor.settled, begun_after
    )
    numbers, hashes = [block.number for block in cursor.recent], [block.hash for block in cursor.recent]
    await connection.execute(STORE_BLOCKS_SQL, numbers, hashes)
    await connection.execute(FORGET_BLOCKS_SQL, cursor.block, cursor.block - KEPT_BLOCKS)


async def stored_places(connection: Connection, first: int, last: int) -> set[Place]:
    """The places of the current events in blocks `first` to `last`."""
    return {tuple(row) for row in await connection.fetch(STORED_PLACES_SQL, first, last)}


async def require_known_events(
    connection: Connection, checkpoints: Sequence[Checkpoint], *, after: int, until: int
) -> None:
    """Compare the events with the checkpoints that end in the blocks after `after` up to `until`.

    Blocks that this database did not read from the chain are left out.

    Raises:
        MissingEventsError: a checkpoint has other events.
    """
    ended = [checkpoint for checkpoint in checkpoints if after < checkpoint.last <= until]
    begun_after = await connection.fetchval(SELECT_BEGUN_SQL) if ended else None
    for checkpoint in ended:
        if begun_after is None or checkpoint.first <= begun_after:
            continue
        rows = await connection.fetch(STORED_PLACES_SQL, checkpoint.first, checkpoint.last)
        if digest(tuple(row) for row in rows) != checkpoint.digest:
            raise MissingEventsError(
                f"blocks {checkpoint.first} to {checkpoint.last} have {checkpoint.events} events, but the node gave "
                f"{len(rows)}; nothing was stored. Take a provider with the full history, and run `punkcast backfill "
                f"--from {checkpoint.first}`"
            )


async def supersede(connection: Connection, ancestor: int, *, at: datetime) -> Revision | None:
    """Supersede the events after block `ancestor` and their sales; None without such events.

    Drops the hashes of the blocks after the ancestor.
    """
    await connection.execute(FORGET_BLOCKS_SQL, ancestor, -1)
    row = await connection.fetchrow(SUPERSEDE_EVENTS_SQL, ancestor, at)
    assert row is not None
    if not row["events"]:
        return None
    sales = int(await connection.fetchval(SUPERSEDE_SALES_SQL, row["first_seq"], at))
    await connection.execute(
        INSERT_REVISION_SQL, row["first_block"], row["first_seq"], row["last_seq"], row["events"], sales, at
    )
    return Revision(row["first_block"], row["first_seq"], row["events"], sales)


async def count_revisions(connection: Connection, *, up_to: int | None = None) -> int:
    """Number of reorganisations; with `up_to`, of those before the event with that number was stored."""
    return int(await connection.fetchval(COUNT_REVISIONS_SQL, up_to))

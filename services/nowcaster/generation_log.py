"""Appends published generations to the log, and signs checkpoints of it.

Publishing never waits for the log. The tables show which generations are missing in it, so that a crash between a
publication and its entry leaves nothing out.
"""

import asyncio
from collections.abc import Sequence

import structlog

from shared.clock import Clock
from shared.database.pool import AWAY, Connection, Database
from shared.errors import PunkcastError
from shared.merkle import GrowingTree
from shared.registry import signing_keys
from shared.signing.log import BrokenLogError, Checkpoint, LogEntry
from shared.signing.notes import SigningKey, sign

log = structlog.get_logger(__name__)
LOOK_S = 10.0
BATCH = 1000

# One process at a time appends and signs.
LOCK_LOG_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.log_entries', 0))"
# Publications run one after the other, so a later one has a higher id.
MISSING_ENTRIES_SQL = """
select generation_id, as_of, published_at, model_id, row_count, merkle_root, values_sha256
from generations
where role = 'champion' and generation_id > coalesce((select max(generation_id) from log_entries), 0)
order by generation_id
limit $1
"""
APPEND_ENTRIES_SQL = """
insert into log_entries (index, generation_id, line)
select (select coalesce(max(index), -1) from log_entries) + place, generation_id, line
from unnest($1::bigint[], $2::text[]) with ordinality as added (generation_id, line, place)
order by place
"""
ENTRIES_FROM_SQL = "select line from log_entries where index >= $1 order by index"
NEWEST_CHECKPOINT_SQL = """
select size, root, note from log_checkpoints
where starts_with(note, $1) order by checkpoint_id desc limit 1
"""
KEEP_CHECKPOINT_SQL = "insert into log_checkpoints (size, root, note, signed_at) values ($1, $2, $3, $4)"


class GenerationLog:
    """Follows the publications. Without keys it appends entries and signs nothing."""

    def __init__(self, *, database: Database, clock: Clock, origin: str, keys: Sequence[SigningKey]) -> None:
        self._database = database
        self._clock = clock
        self._origin = origin
        self._keys = keys
        self._tree = GrowingTree()

    async def background(self) -> None:
        """Look for missing entries until cancelled."""
        while True:
            try:
                await self.catch_up()
            except (PunkcastError, *AWAY) as error:
                log.error("log.not_continued", reason=f"{type(error).__name__}: {error}")
            await asyncio.sleep(LOOK_S)

    async def catch_up(self) -> int:
        """Append what is missing, sign a checkpoint, and return the number of new entries.

        Raises:
            BrokenLogError: stored entries are not those that were signed. Nothing is signed.
        """
        appended = 0
        while True:
            async with self._database.transaction() as connection:
                added = await self._append(connection)
                tree = await self._sign(connection) if added < BATCH else None
            if tree is not None:
                self._tree = tree
                return appended + added
            appended += added

    async def _append(self, connection: Connection) -> int:
        await connection.execute(LOCK_LOG_SQL)
        entries = [LogEntry(**row) for row in await connection.fetch(MISSING_ENTRIES_SQL, BATCH)]
        if entries:
            ids, lines = [entry.generation_id for entry in entries], [entry.line() for entry in entries]
            await connection.execute(APPEND_ENTRIES_SQL, ids, lines)
            log.info("log.appended", entries=len(entries), last=ids[-1])
        return len(entries)

    async def _sign(self, connection: Connection) -> GrowingTree:
        """The tree over all entries, after a checkpoint of it is stored with a signature of each key."""
        newest = await connection.fetchrow(NEWEST_CHECKPOINT_SQL, f"{self._origin}\n")
        tree = self._tree.copy()
        agrees = newest is None or newest["size"] < tree.size
        agrees = agrees or (newest["size"], newest["root"]) == (tree.size, tree.root().hex())
        async for row in connection.cursor(ENTRIES_FROM_SQL, tree.size):
            tree.append(row["line"].encode())
            agrees = agrees or (newest["size"], newest["root"]) == (tree.size, tree.root().hex())
        if not agrees:
            raise BrokenLogError(
                f"the stored entries do not have the root of the last checkpoint, of {newest['size']} entries; restore "
                "them from a backup, or begin another log with PUNKCAST_LOG_ORIGIN"
            )
        if self._keys and tree.size:
            text = Checkpoint(self._origin, tree.size, tree.root()).text()
            before = "" if newest is None else newest["note"]
            note = sign(text, self._keys, beside=before)
            if note != before:
                now = self._clock.now()
                await signing_keys.remember(connection, [str(key.verifier) for key in self._keys], at=now)
                await connection.execute(KEEP_CHECKPOINT_SQL, tree.size, tree.root().hex(), note, now)
        return tree

"""Pulls from a source: read before the transaction, stored inside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import polars as pl
import structlog

from shared.database.pool import Connection, Database
from shared.market.chain import NOTHING_SEEN, BlockRef, Cursor, Located, Look, Scan
from shared.sources.ethereum.bids import StandingBids
from shared.sources.source import BlockSource, MarketSource
from shared.stores import chain_repository, event_repository
from shared.stores.chain_comparison import SECOND_LOOK, second_look
from shared.stores.chain_repository import Revision

log = structlog.get_logger(__name__)

NEWS: Final = timedelta(hours=1)
"""Older events are history when they are pulled: their `known_at` is the event time."""


@dataclass(frozen=True)
class Blocks:
    """The blocks after `after` up to `last` have been read; reading continues up to `target`."""

    after: int
    last: int
    target: int


@dataclass(frozen=True)
class Stored:
    """What a pull changed in the database.

    Attributes:
        appended: number of new events.
        revision: what a reorganisation superseded.
        read: the blocks read; None for a source without blocks, or if a concurrent pull was faster.
        more_after: the block after which the source has more; None at the end of the source.
        look: what the source showed.
    """

    appended: int = 0
    revision: Revision | None = None
    read: Blocks | None = None
    more_after: BlockRef | None = None
    look: Look = NOTHING_SEEN


class Pull(Protocol):
    """One pull, ready to be stored."""

    async def store(self, connection: Connection, *, at: datetime) -> Stored:
        """Write the pull in the open transaction. Skips rows that a concurrent pull has stored."""

    def committed(self) -> None:
        """Called after the commit."""


class Puller(Protocol):
    """Pulls new events from one source. `again_from`: the first stored block that is wrong and is read again."""

    async def pull(self, at: datetime, *, again_from: int | None = None) -> Pull: ...


@dataclass(frozen=True)
class EventPull:
    """Events of a source without reorganisations."""

    events: pl.DataFrame

    async def store(self, connection: Connection, *, at: datetime) -> Stored:
        if self.events.is_empty():
            return Stored()
        result = await event_repository.append_events(connection, self.events, known_at=at, news_since=at - NEWS)
        return Stored(result.appended)

    def committed(self) -> None:
        pass


class EventPuller:
    """Pulls all new events of a `MarketSource`."""

    def __init__(self, database: Database, source: MarketSource) -> None:
        self._database = database
        self._source = source

    async def pull(self, at: datetime, *, again_from: int | None = None) -> EventPull:
        async with self._database.connection() as connection:
            after = await event_repository.last_place(connection)
        return EventPull(await self._source.fetch(after, at))


@dataclass(frozen=True)
class BlockPull:
    """Blocks after `cursor`, possibly on another fork of the chain than the cursor's."""

    source: BlockSource
    cursor: Cursor
    located: Located
    settled: int | None
    scan: Scan
    on_commit: Callable[[], None]

    async def store(self, connection: Connection, *, at: datetime) -> Stored:
        await event_repository.lock(connection)
        if await cursor_of(connection, self.source) != self.cursor:
            log.info("chain.overtaken", cursor=self.cursor.block)
            return Stored()
        revision = None
        if self.located.orphaned:
            revision = await chain_repository.supersede(connection, self.located.block, at=at)
            log.warning("chain.reorganised", ancestor=self.located.block, revision=revision)
        appended = 0
        if not self.scan.events.is_empty():
            # Events that replace others are news, whatever the age of their blocks.
            news_since = None if self.located.orphaned else at - NEWS
            result = await event_repository.append_events(
                connection, self.scan.events, known_at=at, news_since=news_since
            )
            appended = result.appended
        if self.located.orphaned or self.scan.cursor.block > self.cursor.block or self.settled != self.cursor.settled:
            after, reached = self.located.block, self.scan.cursor
            # Of a long history, only the newest blocks are read a second time.
            settled = max(min(after if self.settled is None else self.settled, after), reached.block - SECOND_LOOK)
            await chain_repository.store_cursor(
                connection, self.source.identity, replace(reached, settled=settled), begun_after=after, at=at
            )
            await chain_repository.require_known_events(
                connection, self.source.checkpoints, after=after, until=reached.block
            )
        more_after = None if self.scan.complete else self.scan.cursor.recent[-1]
        read = Blocks(self.located.block, self.scan.cursor.block, self.located.target)
        look = Look(self.located.head, (self.located.head_time, self.scan.time), self.source.nodes)
        return Stored(appended, revision, read, more_after, look)

    def committed(self) -> None:
        self.on_commit()


class BlockPuller:
    """Pulls the next blocks of a `BlockSource`. Caches the standing bids, which are expensive to rebuild."""

    def __init__(self, database: Database, source: BlockSource) -> None:
        self._database = database
        self._source = source
        self._bids: tuple[BlockRef, StandingBids] | None = None

    async def pull(self, at: datetime, *, again_from: int | None = None) -> BlockPull:
        async with self._database.connection() as connection:
            cursor = await cursor_of(connection, self._source)
        located = await self._source.locate(cursor)
        settled = cursor.settled
        if again_from is None and not located.orphaned:
            settled, again_from = await second_look(self._database, self._source, cursor, located)
        if again_from is not None:
            log.error("chain.events_were_wrong", first_block=again_from)
            located = replace(located, ancestor=again_from - 1, orphaned=True)
        bids = await self._standing_bids(located)
        scan = await self._source.scan(located, bids)

        def cache_bids() -> None:
            if scan.cursor.recent:
                self._bids = (scan.cursor.recent[-1], bids)

        return BlockPull(self._source, cursor, located, settled, scan, cache_bids)

    async def _standing_bids(self, located: Located) -> StandingBids:
        """Bids standing after the located block, as a copy, so that a failed pull leaves the cache unchanged."""
        if located.target <= located.block:
            return StandingBids()  # there are no blocks to read
        if self._bids is not None and self._bids[0] == located.ancestor:
            return self._bids[1].copy()
        async with self._database.connection() as connection:
            events = await event_repository.read_events(connection)
        return StandingBids.from_events(events.filter(pl.col("block") <= located.block))


async def cursor_of(connection: Connection, source: BlockSource) -> Cursor:
    """The last block read. Before the first pull: the block before the source's start, or before the newest event's
    block, which an import may have stored in part.

    Raises:
        ConflictError: the database follows another market.
    """
    cursor = await chain_repository.load_cursor(connection, source.identity)
    if cursor is not None:
        return cursor
    place = await event_repository.last_place(connection)
    return Cursor((source.start_block if place is None else place[0]) - 1)


def puller(database: Database, source: MarketSource | BlockSource) -> Puller:
    """The puller for this kind of source."""
    if isinstance(source, BlockSource):
        return BlockPuller(database, source)
    return EventPuller(database, source)

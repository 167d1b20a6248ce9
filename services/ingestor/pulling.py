"""What is new at a source, read before a transaction is opened and stored inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import polars as pl
import structlog

from shared.database.pool import Connection, Database
from shared.market import chain_repository, event_repository
from shared.market.chain import BlockRef, Cursor, Located, Scan
from shared.market.chain_repository import Revision
from shared.market.ethereum.bids import StandingBids
from shared.market.source import BlockSource, MarketSource

log = structlog.get_logger(__name__)

NEWS: Final = timedelta(hours=1)
"""An event older than this when it is pulled is history: it counts as known since it happened."""


@dataclass(frozen=True)
class Blocks:
    """Blocks that were read: from the one after `after` to `last`, on the way to `target`."""

    after: int
    last: int
    target: int


@dataclass(frozen=True)
class Stored:
    """What a pull changed in the database.

    Attributes:
        appended: new events.
        revision: what a reorganisation superseded.
        read: the blocks it stands for; None for a source without blocks, or when somebody else was quicker.
        more_after: the block after which more is waiting, None when the source has no more for now.
    """

    appended: int = 0
    revision: Revision | None = None
    read: Blocks | None = None
    more_after: BlockRef | None = None


class Pull(Protocol):
    """Something pulled."""

    async def store(self, connection: Connection, *, at: datetime) -> Stored:
        """Write it in the open transaction. What somebody else has stored meanwhile is not stored again."""

    def committed(self) -> None:
        """The transaction was committed."""


class Puller(Protocol):
    """Pulls what is new from one source."""

    async def pull(self, at: datetime) -> Pull: ...


@dataclass(frozen=True)
class EventPull:
    """Events that stay true once told."""

    events: pl.DataFrame

    async def store(self, connection: Connection, *, at: datetime) -> Stored:
        if self.events.is_empty():
            return Stored()
        result = await event_repository.append_events(connection, self.events, known_at=at, news_since=at - NEWS)
        return Stored(result.appended)

    def committed(self) -> None:
        pass


class EventPuller:
    """Everything new of a `MarketSource`."""

    def __init__(self, database: Database, source: MarketSource) -> None:
        self._database = database
        self._source = source

    async def pull(self, at: datetime) -> EventPull:
        async with self._database.connection() as connection:
            after = await event_repository.last_place(connection)
        return EventPull(await self._source.fetch(after, at))


@dataclass(frozen=True)
class BlockPull:
    """A stretch of blocks after `cursor`, perhaps on another history of the chain than it was read from."""

    source: BlockSource
    cursor: Cursor
    located: Located
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
            # What replaces other events is news however old its blocks are.
            news_since = None if self.located.orphaned else at - NEWS
            result = await event_repository.append_events(
                connection, self.scan.events, known_at=at, news_since=news_since
            )
            appended = result.appended
        if self.located.orphaned or self.scan.cursor.block > self.cursor.block:
            await chain_repository.store_cursor(connection, self.source.identity, self.scan.cursor, at=at)
        more_after = None if self.scan.complete else self.scan.cursor.recent[-1]
        read = Blocks(self.located.block, self.scan.cursor.block, self.located.target)
        return Stored(appended, revision, read, more_after)

    def committed(self) -> None:
        self.on_commit()


class BlockPuller:
    """The next blocks of a `BlockSource`. It remembers the standing bids, which are costly to find out."""

    def __init__(self, database: Database, source: BlockSource) -> None:
        self._database = database
        self._source = source
        self._bids: tuple[BlockRef, StandingBids] | None = None

    async def pull(self, at: datetime) -> BlockPull:
        async with self._database.connection() as connection:
            cursor = await cursor_of(connection, self._source)
        located = await self._source.locate(cursor)
        bids = await self._standing_bids(located)
        scan = await self._source.scan(located, bids)

        def remember() -> None:
            if scan.cursor.recent:
                self._bids = (scan.cursor.recent[-1], bids)

        return BlockPull(self._source, cursor, located, scan, remember)

    async def _standing_bids(self, located: Located) -> StandingBids:
        """What stood after the located block; a copy, so that a pull that comes to nothing leaves no trace."""
        if located.target <= located.block:
            return StandingBids()  # nothing will be read
        if self._bids is not None and self._bids[0] == located.ancestor:
            return self._bids[1].copy()
        async with self._database.connection() as connection:
            events = await event_repository.read_events(connection)
        return StandingBids.from_events(events.filter(pl.col("block") <= located.block))


async def cursor_of(connection: Connection, source: BlockSource) -> Cursor:
    """How far the source was read: where it begins before the first time, or with the newest event's block, which
    may have been imported in part.

    Raises:
        ConflictError: the database follows another market.
    """
    cursor = await chain_repository.load_cursor(connection, source.identity)
    if cursor is not None:
        return cursor
    place = await event_repository.last_place(connection)
    return Cursor((source.start_block if place is None else place[0]) - 1)


def puller(database: Database, source: MarketSource | BlockSource) -> Puller:
    """The way to pull from this kind of source."""
    if isinstance(source, BlockSource):
        return BlockPuller(database, source)
    return EventPuller(database, source)

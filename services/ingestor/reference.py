"""Reference data: the punks, once, and the ETH/USD close of each finished day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import polars as pl
import structlog

from shared.database.pool import Connection, Database
from shared.errors import PunkcastError
from shared.sources.source import BlockSource, MarketSource
from shared.stores import event_repository, source_repository
from shared.telemetry.metrics import MISSING_CLOSES

log = structlog.get_logger(__name__)

ASK_AGAIN_AFTER: Final = timedelta(minutes=10)
"""Pause before the next request to the price source."""


@dataclass(frozen=True)
class Gathered:
    """Punks and closes to store; None if there is nothing new."""

    punks: pl.DataFrame | None
    closes: pl.DataFrame | None

    async def store(self, connection: Connection) -> None:
        if self.punks is not None:
            await event_repository.store_punks(connection, self.punks)
        if self.closes is not None:
            await event_repository.store_eth_usd(connection, self.closes)


class Reference(Protocol):
    """Gathers missing reference data, outside any transaction."""

    async def gather(self, at: datetime) -> Gathered: ...

    def committed(self, gathered: Gathered) -> None:
        """Called after the commit."""


class RecordedReference:
    """Reference data of a `MarketSource`, which has it in memory. Storing compares the punks with the stored ones."""

    def __init__(self, source: MarketSource) -> None:
        self._source = source
        self._punks_known = False
        self._prices_until: date | None = None

    async def gather(self, at: datetime) -> Gathered:
        punks = None if self._punks_known else await self._source.punks()
        yesterday = at.date() - timedelta(days=1)
        closes = None
        if self._prices_until != yesterday:
            closes = await self._source.eth_usd(yesterday)
            if self._prices_until is not None:
                closes = closes.filter(pl.col("date") > self._prices_until)
        return Gathered(punks, closes)

    def committed(self, gathered: Gathered) -> None:
        self._punks_known = True
        # A source may publish a close late, so ask until it has yesterday's.
        if gathered.closes is not None and not gathered.closes.is_empty():
            self._prices_until = gathered.closes["date"][-1]


class FetchedReference:
    """Reference data of a `BlockSource`, fetched from other servers, and only if the database lacks it.

    Missing closes do not block the market; they are stored later. Days between others are asked for once a day, because
    a price source may never have them.
    """

    def __init__(self, database: Database, source: BlockSource) -> None:
        self._database = database
        self._source = source
        self._not_before: datetime | None = None
        self._gaps_asked: date | None = None

    async def gather(self, at: datetime) -> Gathered:
        async with self._database.connection() as connection:
            punks_known = await event_repository.punks_known(connection)
            newest = await event_repository.last_close_date(connection)
            missing = await source_repository.missing_closes(connection, at)
        MISSING_CLOSES.set(len(missing))
        punks = None if punks_known else await self._source.punks()
        return Gathered(punks, await self._closes(newest, missing, at))

    async def _closes(self, newest: date | None, missing: Sequence[date], at: datetime) -> pl.DataFrame | None:
        yesterday = at.date() - timedelta(days=1)
        if self._not_before is not None and at < self._not_before:
            return None
        if newest is None or newest < yesterday:
            after, until = newest, yesterday
        elif missing and self._gaps_asked != at.date():
            after, until, self._gaps_asked = missing[0] - timedelta(days=1), missing[-1], at.date()
        else:
            return None
        # Do not ask with every pull of a backfill, whether the close is late or the server unavailable.
        self._not_before = at + ASK_AGAIN_AFTER
        try:
            closes = await self._source.eth_usd(after, until)
        except PunkcastError as error:
            log.warning("prices.postponed", reason=str(error), missing_days=len(missing))
            return None
        if left := len(set(missing) - set(closes["date"])):
            log.warning("prices.missing", days=left)
        return closes

    def committed(self, gathered: Gathered) -> None:
        pass


def reference(database: Database, source: MarketSource | BlockSource) -> Reference:
    """The reference data for this kind of source."""
    if isinstance(source, BlockSource):
        return FetchedReference(database, source)
    return RecordedReference(source)

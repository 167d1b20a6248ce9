"""What goes with the events: the punks once, and each day's ETH/USD close when the day has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import polars as pl
import structlog

from shared.database.pool import Connection, Database
from shared.errors import PunkcastError
from shared.market import event_repository
from shared.market.source import BlockSource, MarketSource

log = structlog.get_logger(__name__)

ASK_AGAIN_AFTER: Final = timedelta(minutes=10)
"""How long a price source that failed is left alone."""


@dataclass(frozen=True)
class Gathered:
    """Punks and closes to be stored, None where there is nothing new."""

    punks: pl.DataFrame | None
    closes: pl.DataFrame | None

    async def store(self, connection: Connection) -> None:
        if self.punks is not None:
            await event_repository.store_punks(connection, self.punks)
        if self.closes is not None:
            await event_repository.store_eth_usd(connection, self.closes)


class Reference(Protocol):
    """Gathers what is missing, outside any transaction."""

    async def gather(self, at: datetime) -> Gathered: ...

    def committed(self, gathered: Gathered) -> None:
        """What was gathered is stored for good."""


class RecordedReference:
    """Of a `MarketSource`, which has it at hand; the punks are compared with those that are stored."""

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
        # A source may be late with a close: it is asked again until it has yesterday's.
        if gathered.closes is not None and not gathered.closes.is_empty():
            self._prices_until = gathered.closes["date"][-1]


class FetchedReference:
    """Of a `BlockSource`, which asks others for it: only what the database lacks is asked for.

    Closes that cannot be had hold nothing up. The market goes on, and they follow.
    """

    def __init__(self, database: Database, source: BlockSource) -> None:
        self._database = database
        self._source = source
        self._not_before: datetime | None = None

    async def gather(self, at: datetime) -> Gathered:
        async with self._database.connection() as connection:
            punks_known = await event_repository.punks_known(connection)
            newest = await event_repository.last_close_date(connection)
        punks = None if punks_known else await self._source.punks()
        return Gathered(punks, await self._closes(newest, at))

    async def _closes(self, newest: date | None, at: datetime) -> pl.DataFrame | None:
        yesterday = at.date() - timedelta(days=1)
        if newest is not None and newest >= yesterday:
            return None
        if self._not_before is not None and at < self._not_before:
            return None
        try:
            closes = await self._source.eth_usd(newest, yesterday)
        except PunkcastError as error:
            log.warning("prices.postponed", reason=str(error))
            closes = None
        # Late or away: either way it need not be asked with every pull of a backfill.
        self._not_before = at + ASK_AGAIN_AFTER
        return closes

    def committed(self, gathered: Gathered) -> None:
        pass


def reference(database: Database, source: MarketSource | BlockSource) -> Reference:
    """The way to gather from this kind of source."""
    if isinstance(source, BlockSource):
        return FetchedReference(database, source)
    return RecordedReference(source)

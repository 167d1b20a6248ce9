"""The market timeline of one process, kept up with Postgres."""

from __future__ import annotations

import asyncio

import structlog

from shared.database.pool import Connection
from shared.errors import TransientError
from shared.market import event_repository
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline, Sale
from shared.market.traits import Traits

# Closes are only ever added, so their number tells whether there are new ones.
COUNT_ETH_USD_SQL = "select count(*) from eth_usd_daily"
log = structlog.get_logger(__name__)


class MarketNotReadyError(TransientError):
    """There is no punk table yet; the ingestor stores it with its first cycle."""


class MarketReader:
    """Loads what is new and folds it into the timeline; rebuilds from the start when history changed behind it."""

    def __init__(self) -> None:
        self._timeline: MarketTimeline | None = None
        self._prices: DailyPrices | None = None
        self._lock = asyncio.Lock()

    @property
    def timeline(self) -> MarketTimeline:
        if self._timeline is None:
            raise MarketNotReadyError("the market has not been read yet: refresh first")
        return self._timeline

    @property
    def prices(self) -> DailyPrices:
        if self._prices is None:
            raise MarketNotReadyError("the market has not been read yet: refresh first")
        return self._prices

    async def refresh(self, connection: Connection) -> list[Sale]:
        """Read events that are new on this connection (its own uncommitted ones too) and return the sales among them.

        Raises:
            MarketNotReadyError: no punks are known yet.
        """
        async with self._lock:
            if self._timeline is None:
                self._timeline = MarketTimeline(await self._traits(connection))
            await self._refresh_prices(connection)
            events = await event_repository.read_events(connection, self._timeline.last_seq)
            if events.is_empty():
                return []
            first = (events["block"][0], events["log_index"][0])
            if first <= self._timeline.last_key:
                log.warning("market.rebuild", reason="events arrived out of contract order", first=first)
                self._timeline = MarketTimeline(self._timeline.traits)
                events = await event_repository.read_events(connection, 0)
            if events.height > 5_000:
                return await asyncio.to_thread(self._timeline.apply, events)
            return self._timeline.apply(events)

    async def _refresh_prices(self, connection: Connection) -> None:
        days = int(await connection.fetchval(COUNT_ETH_USD_SQL))
        if self._prices is None or len(self._prices.days) != days:
            self._prices = DailyPrices.from_frame(await event_repository.load_eth_usd(connection))

    def forget(self) -> None:
        """Drop everything read: what was read inside a transaction that rolled back never happened."""
        self._timeline = self._prices = None

    async def _traits(self, connection: Connection) -> Traits:
        punks = await event_repository.load_punks(connection)
        if punks.is_empty():
            raise MarketNotReadyError(
                "no punks in the database; run `punkcast import DIR` or let the ingestor run once"
            )
        return Traits.from_frame(punks)

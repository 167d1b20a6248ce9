"""The market timeline of one process, updated from PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import polars as pl
import structlog

from shared.database.pool import Connection
from shared.errors import TransientError
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.market.valid_sales import Sale
from shared.stores import chain_repository, event_repository

# Closes are never changed or deleted, so a higher count means new ones.
COUNT_ETH_USD_SQL = "select count(*) from eth_usd_daily"
log = structlog.get_logger(__name__)
T = TypeVar("T")


class MarketNotReadyError(TransientError):
    """The punks are not stored yet; the ingestor stores them in its first cycle."""


class MarketReader:
    """Folds new events into the timeline, and rebuilds the timeline after a reorganisation.

    Several tasks may share a reader. They refresh it and compute from its timeline within `alone`.
    """

    def __init__(self) -> None:
        self._timeline: MarketTimeline | None = None
        self._prices: DailyPrices | None = None
        self._revisions = 0
        self._lock = asyncio.Lock()

    @property
    def timeline(self) -> MarketTimeline:
        return _loaded(self._timeline)

    @property
    def prices(self) -> DailyPrices:
        return _loaded(self._prices)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Exclude the other tasks that share this reader.

        A writer stays in it until its transaction ends, so that no task computes from events that may be rolled back. A
        reader stays until its computation ends, so that the timeline does not change meanwhile. Enter it before taking
        a connection; waiting tasks then hold none.
        """
        async with self._lock:
            yield

    async def refresh(self, connection: Connection, *, up_to: int | None = None) -> list[Sale]:
        """Read new events, including uncommitted ones of this connection, and return the sales among them.

        `up_to`: read the events that were current when this sequence number was the newest.

        Raises:
            MarketNotReadyError: the punks are not stored yet.
        """
        assert self._lock.locked(), "a reader is refreshed within `alone`"
        if self._timeline is None:
            self._timeline = MarketTimeline(await self._traits(connection))
        await self._refresh_prices(connection)
        events = await self._unread(connection, up_to)
        if events.is_empty():
            return []
        try:
            if events.height > 5_000:
                return await asyncio.to_thread(self._timeline.apply, events)
            return self._timeline.apply(events)
        except BaseException:
            # The timeline may hold a part of the events.
            self.forget()
            raise

    async def _unread(self, connection: Connection, up_to: int | None) -> pl.DataFrame:
        """The events that the timeline lacks. Starts an empty timeline if a reorganisation superseded folded events."""
        assert self._timeline is not None
        while True:
            revisions = await chain_repository.count_revisions(connection, up_to=up_to)
            if revisions != self._revisions:
                if self._timeline.last_seq:
                    log.warning("market.rebuild", reason="a reorganisation superseded events", revisions=revisions)
                self._timeline, self._revisions = MarketTimeline(self._timeline.traits), revisions
            events = await event_repository.read_events(connection, self._timeline.last_seq, up_to=up_to)
            if await chain_repository.count_revisions(connection, up_to=up_to) != revisions:
                continue  # a reorganisation came between the two queries
            first = None if events.is_empty() else (events["block"][0], events["log_index"][0])
            if first is None or first > self._timeline.last_key:
                return events
            log.warning("market.rebuild", reason="events arrived out of contract order", first=first)
            self._timeline = MarketTimeline(self._timeline.traits)

    async def _refresh_prices(self, connection: Connection) -> None:
        days = int(await connection.fetchval(COUNT_ETH_USD_SQL))
        if self._prices is None or len(self._prices.days) != days:
            self._prices = DailyPrices.from_frame(await event_repository.load_eth_usd(connection))

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event read, 0 before the first."""
        return 0 if self._timeline is None else self._timeline.last_seq

    def forget(self) -> None:
        """Drop everything, because it was read inside a transaction that rolled back."""
        self._timeline = self._prices = None
        self._revisions = 0

    async def _traits(self, connection: Connection) -> Traits:
        punks = await event_repository.load_punks(connection)
        if punks.is_empty():
            raise MarketNotReadyError(
                "no punks in the database; run `punkcast import DIR` or let the ingestor run once"
            )
        return Traits.from_frame(punks)


def _loaded(value: T | None) -> T:
    if value is None:
        raise MarketNotReadyError("the market has not been read yet: refresh first")
    return value

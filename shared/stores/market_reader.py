"""The market timeline of one process, kept up with Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import polars as pl
import structlog

from shared.database.pool import Connection
from shared.errors import TransientError
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.market.valid_sales import Sale
from shared.stores import chain_repository, event_repository

# Closes are only ever added, so their number tells whether there are new ones.
COUNT_ETH_USD_SQL = "select count(*) from eth_usd_daily"
log = structlog.get_logger(__name__)


class MarketNotReadyError(TransientError):
    """There is no punk table yet; the ingestor stores it with its first cycle."""


class MarketReader:
    """Loads what is new and folds it into the timeline; rebuilds from the start when history changed behind it.

    Several tasks may share one. Whoever refreshes it or computes from its timeline does so within `alone`.
    """

    def __init__(self) -> None:
        self._timeline: MarketTimeline | None = None
        self._prices: DailyPrices | None = None
        self._revisions = 0
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

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep the others that share this reader away.

        A writer stays alone until its transaction has ended, so that nobody computes from events that may be rolled
        back; a reader until it has computed, so that the timeline does not grow under its eyes. Enter it before
        taking a connection: those who wait then hold none.
        """
        async with self._lock:
            yield

    async def refresh(self, connection: Connection, *, up_to: int | None = None) -> list[Sale]:
        """Read events that are new on this connection (its own uncommitted ones too) and return the sales among them.

        With `up_to` no event above that sequence number is read, and those that were current when it was the newest.

        Raises:
            MarketNotReadyError: no punks are known yet.
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
            # A batch folded half is worse than none.
            self.forget()
            raise

    async def _unread(self, connection: Connection, up_to: int | None) -> pl.DataFrame:
        """The events that the timeline lacks; it begins anew when events that it holds are no longer true."""
        assert self._timeline is not None
        while True:
            revisions = await chain_repository.count_revisions(connection, up_to=up_to)
            if revisions != self._revisions:
                if self._timeline.last_seq:
                    log.warning("market.rebuild", reason="a reorganisation superseded events", revisions=revisions)
                self._timeline, self._revisions = MarketTimeline(self._timeline.traits), revisions
            events = await event_repository.read_events(connection, self._timeline.last_seq, up_to=up_to)
            if await chain_repository.count_revisions(connection, up_to=up_to) != revisions:
                continue  # it came between the two questions
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
        """The newest event that was read, 0 before any was."""
        return 0 if self._timeline is None else self._timeline.last_seq

    def forget(self) -> None:
        """Drop everything read: what was read inside a transaction that rolled back never happened."""
        self._timeline = self._prices = None
        self._revisions = 0

    async def _traits(self, connection: Connection) -> Traits:
        punks = await event_repository.load_punks(connection)
        if punks.is_empty():
            raise MarketNotReadyError(
                "no punks in the database; run `punkcast import DIR` or let the ingestor run once"
            )
        return Traits.from_frame(punks)

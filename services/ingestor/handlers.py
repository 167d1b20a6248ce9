"""Pull new events, derive sales, score them against what was published before."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import structlog

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import MarketUpdated
from shared.database.pool import Connection, Database
from shared.market import event_repository, sale_repository
from shared.market.reader import MarketReader
from shared.market.source import MarketSource
from shared.messaging.transaction import AlreadyHandledError, Transaction, handling

log = structlog.get_logger(__name__)
CONSUMER = "ingestor"


class Ingestor:
    """Keeps `market_events`, `sales` and `outcomes` up with the source."""

    def __init__(self, *, database: Database, clock: Clock, source: MarketSource, reader: MarketReader) -> None:
        self._database = database
        self._clock = clock
        self._source = source
        self._reader = reader
        self._punks_known = False
        self._prices_until: date | None = None

    async def on_ingest_requested(self, message: Envelope) -> None:
        """One pull: events, sales, outcomes and the message that tells of them commit together."""
        async with self._database.connection() as connection:
            after = await event_repository.last_place(connection)
        now = self._clock.now()
        events = await self._source.fetch(after, now)
        async with self._reader.alone():
            try:
                async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
                    await self._store_reference_data(transaction.connection)
                    appended = 0
                    if not events.is_empty():
                        result = await event_repository.append_events(transaction.connection, events, known_at=now)
                        appended = result.appended
                    await self._derive(transaction, appended)
            except AlreadyHandledError:
                raise  # nothing was read
            except BaseException:
                # The timeline may have read rows that were rolled back.
                self._reader.forget()
                self._punks_known, self._prices_until = False, None
                raise

    async def _store_reference_data(self, connection: Connection) -> None:
        if not self._punks_known:
            await event_repository.store_punks(connection, await self._source.punks())
        self._punks_known = True
        yesterday = self._clock.now().date() - timedelta(days=1)
        if self._prices_until != yesterday:
            prices = await self._source.eth_usd(yesterday)
            if self._prices_until is not None:
                prices = prices.filter(pl.col("date") > self._prices_until)
            await event_repository.store_eth_usd(connection, prices)
            # A source may be late with a close: it is asked again until it has yesterday's.
            if not prices.is_empty():
                self._prices_until = prices["date"][-1]

    async def _derive(self, transaction: Transaction, appended: int) -> None:
        connection = transaction.connection
        await self._reader.refresh(connection)
        # Not only what came just now: an import may have appended events without deriving their sales.
        known = await sale_repository.last_sale_seq(connection)
        timeline = self._reader.timeline
        fresh = []
        for sale in reversed(timeline.sales):
            if sale.event_seq <= known:
                break
            fresh.append(sale)
        fresh.reverse()
        await sale_repository.record_sales(connection, fresh)
        scored = await sale_repository.score(
            connection, [sale.event_seq for sale in fresh if sale.excluded is None], at=self._clock.now()
        )
        if appended or fresh:
            await transaction.emit(
                MarketUpdated(
                    last_seq=timeline.last_seq,
                    last_block=max(timeline.last_key[0], 0),
                    events=appended,
                    sales_scored=scored,
                )
            )
            log.info("market.updated", events=appended, sales=len(fresh), scored=scored)

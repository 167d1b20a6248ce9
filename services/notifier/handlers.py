"""Turn events into deliveries: rows that commit with the handled message, one for each subscription."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import structlog

from services.notifier import alerts, deal_repository, deals, deliveries, repository
from services.notifier.alerts import AlertUrls
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import AlertRaised, MarketUpdated, ModelPromoted, ModelRolledBack
from shared.database.pool import Database
from shared.messaging.transaction import Transaction, handling, originating
from shared.registry import facts

log = structlog.get_logger(__name__)
CONSUMER = "webhooks"
ALERTS = "alerts"
STRAGGLERS: Final = timedelta(hours=6)
"""A message covers sales scored up to this long before it; a sale already entered is not entered twice."""
KEPT: Final = timedelta(days=30)
PURGED_AT_ONCE: Final = 1_000
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


class Subscriptions:
    """Only writes rows, so a receiver that hangs delays no message."""

    def __init__(self, *, database: Database, clock: Clock, alert_urls: AlertUrls, entered: asyncio.Event) -> None:
        """`entered` is set when there may be something to deliver."""
        self._database = database
        self._clock = clock
        self._alert_urls = alert_urls
        self._entered = entered
        self._subscribed = False
        self._looked_at: int | None = None
        self._purging = False
        self._market: repository.MarketState | None = None

    async def on_alert_raised(self, message: Envelope) -> None:
        """Log an alert and enter its deliveries."""
        await self._subscribe_alert_urls()
        async with handling(self._database, self._clock, consumer=ALERTS, cause=message) as transaction:
            fact = await facts.recorded(transaction.connection, message, now=self._clock.now())
            assert isinstance(fact.told, AlertRaised)
            fields = {"id": str(message.id)} | fact.told.model_dump(mode="json")
            log.log(_LEVELS[fact.told.severity], "alert", **fields)
            await deliveries.enter_all(transaction, alerts.EVENT, str(message.id), fields, fact.at)
        self._entered.set()

    async def on_event(self, message: Envelope) -> None:
        """Enter the deliveries of a market update, a promotion or a rollback."""
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            market = self._market
            match message.data:
                case MarketUpdated():
                    market = await self._look_at_market(transaction, since=message.time - STRAGGLERS)
                case _:
                    fact = await facts.recorded(transaction.connection, message, now=self._clock.now())
                    moved = fact.told
                    assert isinstance(moved, (ModelPromoted, ModelRolledBack))
                    event = "model.promoted" if isinstance(moved, ModelPromoted) else "model.rolled_back"
                    fields = moved.model_dump(mode="json")
                    await deliveries.enter_all(transaction, event, str(moved.decision_id), fields, fact.at)
        self._market = market
        self._entered.set()

    async def _look_at_market(self, transaction: Transaction, *, since: datetime) -> repository.MarketState:
        """Enter deals, and sales scored since then, unless the tables are as at the last look."""
        now = self._clock.now()
        market = await repository.market_state(transaction.connection)
        if market != self._market:
            await deals.look(transaction, now)
            # What was told longer ago is not known any more.
            await self._enter_sales(transaction, now, since=max(since, now - KEPT))
        return market

    async def _enter_sales(self, transaction: Transaction, at: datetime, *, since: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "sale.scored")
        if not subscribers:
            return
        for sale in await repository.scored_since(transaction.connection, since):
            scored_at = sale.pop("scored_at")
            assert isinstance(scored_at, datetime)
            for subscriber in subscribers:
                if subscriber.created_at <= scored_at:
                    key = str(sale["event_seq"])
                    await deliveries.enter(transaction, subscriber.webhook_id, "sale.scored", key, sale, at)

    async def prepare(self) -> None:
        """Before deliveries are taken: the subscriptions of the settings, and the deals of a new generation."""
        await self._subscribe_alert_urls()
        await self.look_for_deals()
        if self._purging:
            before = self._clock.now() - KEPT
            async with self._database.connection() as connection:
                self._purging = await repository.purge(connection, before=before, most=PURGED_AT_ONCE)

    async def _subscribe_alert_urls(self) -> None:
        """Once per process, and before its first alert: an alert is entered only for subscriptions that exist."""
        if not self._subscribed:
            async with self._database.transaction() as connection:
                await alerts.subscribe(connection, self._alert_urls, at=self._clock.now())
            self._subscribed = True

    async def look_for_deals(self) -> None:
        """Look at all asks again after another generation; a new or ended ask is looked at when the market changes."""
        async with originating(self._database, self._clock, source=CONSUMER) as transaction:
            generation_id = await repository.shown(transaction.connection)
            if generation_id is None or generation_id == self._looked_at:
                return
            now = self._clock.now()
            await deals.look(transaction, now)
            await deal_repository.forget(transaction.connection, before=now - KEPT)
        self._looked_at, self._purging = generation_id, True

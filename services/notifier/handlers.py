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

    async def on_alert_raised(self, message: Envelope) -> None:
        """Log an alert and enter its deliveries."""
        alert = message.data
        assert isinstance(alert, AlertRaised)
        await self._subscribe_alert_urls()
        fields = {"id": str(message.id)} | alert.model_dump(mode="json")
        async with handling(self._database, self._clock, consumer=ALERTS, cause=message) as transaction:
            log.log(_LEVELS[alert.severity], "alert", **fields)
            await deliveries.enter_all(transaction, alerts.EVENT, str(message.id), fields, message.time)
        self._entered.set()

    async def on_event(self, message: Envelope) -> None:
        """Enter the deliveries of a market update, a promotion or a rollback."""
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            match message.data:
                case ModelPromoted() | ModelRolledBack() as moved:
                    event = "model.promoted" if isinstance(moved, ModelPromoted) else "model.rolled_back"
                    fields = moved.model_dump(mode="json")
                    await deliveries.enter_all(transaction, event, str(moved.decision_id), fields, message.time)
                case MarketUpdated(sales_scored=scored):
                    await deals.look(transaction, message.time)
                    if scored:
                        await self._enter_sales(transaction, message.time)
        self._entered.set()

    async def _enter_sales(self, transaction: Transaction, at: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "sale.scored")
        if not subscribers:
            return
        for sale in await repository.scored_since(transaction.connection, at - STRAGGLERS):
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

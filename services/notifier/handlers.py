"""Turn events into deliveries: rows that commit with the handled message, one for each subscription."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog

from services.notifier import alerts, repository
from services.notifier.alerts import AlertUrls
from services.notifier.repository import Subscriber
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import AlertRaised, MarketUpdated, ModelPromoted, ModelRolledBack
from shared.database.pool import Database
from shared.market.discount import billionths, discount
from shared.messaging.transaction import Transaction, handling, originating

log = structlog.get_logger(__name__)
CONSUMER = "webhooks"
ALERTS = "alerts"
STRAGGLERS: Final = timedelta(hours=6)
"""A message covers sales scored up to this long before it; a sale already entered is not entered twice."""
KEPT: Final = timedelta(days=30)
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}
_NAMESPACE = UUID("c4c2f1de-7b0a-5c55-9d40-5a52d5f0b6a1")


class Subscriptions:
    """Only writes rows, so a receiver that hangs delays no message."""

    def __init__(self, *, database: Database, clock: Clock, alert_urls: AlertUrls) -> None:
        self._database = database
        self._clock = clock
        self._alert_urls = alert_urls
        self._subscribed = False
        self._looked_at: int | None = None

    async def on_alert_raised(self, message: Envelope) -> None:
        """Log an alert and enter its deliveries."""
        alert = message.data
        assert isinstance(alert, AlertRaised)
        await self._subscribe_alert_urls()
        fields = {"id": str(message.id)} | alert.model_dump(mode="json")
        async with handling(self._database, self._clock, consumer=ALERTS, cause=message) as transaction:
            log.log(_LEVELS[alert.severity], "alert", **fields)
            await self._enter_all(transaction, alerts.EVENT, str(message.id), fields, message.time)

    async def on_event(self, message: Envelope) -> None:
        """Enter the deliveries of a market update, a promotion or a rollback."""
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            match message.data:
                case ModelPromoted() | ModelRolledBack() as moved:
                    event = "model.promoted" if isinstance(moved, ModelPromoted) else "model.rolled_back"
                    fields = moved.model_dump(mode="json")
                    await self._enter_all(transaction, event, str(moved.decision_id), fields, message.time)
                case MarketUpdated(sales_scored=scored) if scored:
                    await self._enter_sales(transaction, message.time)

    async def _enter_sales(self, transaction: Transaction, at: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "sale.scored")
        if not subscribers:
            return
        for sale in await repository.scored_since(transaction.connection, at - STRAGGLERS):
            scored_at = sale.pop("scored_at")
            assert isinstance(scored_at, datetime)
            for subscriber in subscribers:
                if subscriber.created_at <= scored_at:
                    await self._enter(transaction, subscriber, "sale.scored", str(sale["event_seq"]), sale, at)

    async def prepare(self) -> None:
        """Before each round of deliveries: the subscriptions of the settings, and the deals of a new generation."""
        await self._subscribe_alert_urls()
        await self.look_for_deals()

    async def _subscribe_alert_urls(self) -> None:
        """Once per process, and before its first alert: an alert is entered only for subscriptions that exist."""
        if not self._subscribed:
            async with self._database.transaction() as connection:
                await alerts.subscribe(connection, self._alert_urls, at=self._clock.now())
            self._subscribed = True

    async def look_for_deals(self) -> None:
        """Enter the deals of a generation that was published since the last call.

        No state is stored: a listing has one delivery for each webhook, and the next generation shows what a process
        missed.
        """
        async with originating(self._database, self._clock, source=CONSUMER) as transaction:
            generation_id = await repository.shown(transaction.connection)
            if generation_id is None or generation_id == self._looked_at:
                return
            await self._enter_deals(transaction, generation_id, self._clock.now())
            await repository.purge(transaction.connection, before=self._clock.now() - KEPT)
        self._looked_at = generation_id

    async def _enter_deals(self, transaction: Transaction, generation_id: int, at: datetime) -> None:
        subscribers = await repository.subscribed(transaction.connection, "deal.found")
        if not subscribers:
            return
        margins = [billionths(subscriber.deal_margin) for subscriber in subscribers]
        for deal in await repository.deals(transaction.connection, generation_id, margin=min(margins)):
            ask, value = int(str(deal["ask_wei"])), int(str(deal["value_wei"]))
            fields = deal | {"generation_id": generation_id, "discount": round(1.0 - ask / value, 6)}
            for subscriber, margin in zip(subscribers, margins, strict=True):
                if discount(ask, value) >= margin:
                    # One delivery for each listing, however its value changes afterwards.
                    await self._enter(transaction, subscriber, "deal.found", str(deal["listing"]), fields, at)

    async def _enter_all(
        self, transaction: Transaction, event: str, key: str, fields: Mapping[str, object], at: datetime
    ) -> None:
        for subscriber in await repository.subscribed(transaction.connection, event):
            await self._enter(transaction, subscriber, event, key, fields, at)

    async def _enter(
        self, transaction: Transaction, to: Subscriber, event: str, key: str, fields: Mapping[str, object], at: datetime
    ) -> None:
        body = json.dumps(
            {"type": event, "timestamp": at.isoformat(), "data": fields}, default=_plain, separators=(",", ":")
        )
        delivery_id = uuid5(_NAMESPACE, f"{to.webhook_id}|{event}|{key}")
        await repository.enter(
            transaction.connection, delivery_id, to.webhook_id, event=event, body=body, at=self._clock.now()
        )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

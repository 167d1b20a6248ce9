"""Builds the notifier from a platform."""

import asyncio

from services.notifier.alerts import alert_urls
from services.notifier.delivering import Deliveries
from services.notifier.handlers import ALERTS, CONSUMER, Subscriptions
from shared.contracts.messages import AlertRaised, MarketUpdated, ModelPromoted, ModelRolledBack
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService


def build(platform: Platform) -> MessageService:
    """The notifier.

    Raises:
        InvalidInputError: the settings name an alert URL or secret that cannot be used.
    """
    settings, entered = platform.settings, asyncio.Event()
    subscriptions = Subscriptions(
        database=platform.database, clock=platform.clock, alert_urls=alert_urls(settings), entered=entered
    )
    deliveries = Deliveries(
        database=platform.database,
        clock=platform.clock,
        private=settings.webhooks_private,
        prepare=subscriptions.prepare,
        entered=entered,
    )
    return MessageService(
        CONSUMER,
        dict.fromkeys((MarketUpdated, ModelPromoted, ModelRolledBack), subscriptions.on_event),
        name="notifier",
        background=deliveries.run,
        drain=deliveries.deliver_due,
        additional=[Subscription(ALERTS, (AlertRaised,), subscriptions.on_alert_raised)],
    )

"""Where the notifier is put together."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.notifier.alerts import CONSUMER as ALERTS
from services.notifier.alerts import Alerts, Webhooks
from services.notifier.delivering import Deliveries
from services.notifier.handlers import CONSUMER, Subscriptions
from shared.contracts.messages import AlertRaised, MarketUpdated, ModelPromoted, ModelRolledBack
from shared.errors import InvalidInputError
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.settings import Settings


def build(platform: Platform) -> MessageService:
    """From a platform.

    Raises:
        InvalidInputError: a webhook's URL is none.
    """
    alerts = Alerts(database=platform.database, clock=platform.clock, webhooks=webhooks_of(platform.settings))
    subscriptions = Subscriptions(database=platform.database, clock=platform.clock)
    deliveries = Deliveries(
        database=platform.database,
        clock=platform.clock,
        private=platform.settings.webhooks_private,
        look=subscriptions.look_for_deals,
    )
    return MessageService(
        CONSUMER,
        dict.fromkeys((MarketUpdated, ModelPromoted, ModelRolledBack), subscriptions.on_event),
        name="notifier",
        background=deliveries.run,
        drain=deliveries.deliver_due,
        beside=[Subscription(ALERTS, (AlertRaised,), alerts.on_alert_raised)],
    )


def webhooks_of(settings: Settings) -> Webhooks:
    """Where the settings send alerts.

    Raises:
        InvalidInputError: not a URL of http or https. The text does not repeat it: it may hold a password.
    """
    given, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    urls = tuple(given.get_secret_value().split()) if given else ()
    for place, url in enumerate(urls, start=1):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInputError(f"PUNKCAST_ALERT_WEBHOOK_URL: number {place} is no http:// or https:// URL")
    return Webhooks(urls, secret.get_secret_value() if secret else None)

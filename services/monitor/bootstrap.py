"""Where the monitor is put together."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from services.monitor.alerts import CONSUMER as ALERTS
from services.monitor.alerts import Alerts, Webhooks
from services.monitor.backtest.handlers import CONSUMER as BACKTESTS
from services.monitor.backtest.handlers import Backtests
from services.monitor.handlers import CONSUMER, Monitor
from services.monitor.repository import NowcastHealth
from services.monitor.webhooks.delivering import Deliveries
from services.monitor.webhooks.handlers import CONSUMER as WEBHOOKS
from services.monitor.webhooks.handlers import Subscriptions
from shared.backtest.terms import Terms
from shared.contracts.messages import (
    AlertRaised,
    BacktestRequested,
    ContenderRejected,
    MarketUpdated,
    ModelPromoted,
    ModelRolledBack,
    MonitorRequested,
    RetrainCheckRequested,
    ShadowStarted,
)
from shared.errors import InvalidInputError
from shared.evaluation.policy import Policy, load_policy
from shared.messaging.bus import Subscription
from shared.messaging.ticks import JOBS
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.settings import Settings


def build(
    platform: Platform,
    *,
    nowcast_every: timedelta = JOBS["nowcast"].every,
    policy: Policy | None = None,
) -> MessageService:
    """From a platform; `nowcast_every` is how often a nowcast is due (a replay publishes more rarely).

    Raises:
        InvalidInputError: a webhook's URL is none.
    """
    alerts = Alerts(database=platform.database, clock=platform.clock, webhooks=webhooks_of(platform.settings))
    backtests = Backtests(database=platform.database, clock=platform.clock, terms=Terms())
    monitor = Monitor(
        database=platform.database,
        clock=platform.clock,
        policy=policy or load_policy(platform.settings.policy_file),
        nowcast_every=nowcast_every,
        health=NowcastHealth(),
    )
    subscriptions = Subscriptions(database=platform.database, clock=platform.clock)
    deliveries = Deliveries(
        database=platform.database,
        clock=platform.clock,
        private=platform.settings.webhooks_private,
        look=subscriptions.look_for_deals,
    )
    return MessageService(
        CONSUMER,
        {
            MonitorRequested: monitor.on_monitor_requested,
            RetrainCheckRequested: monitor.on_retrain_check_requested,
            ModelPromoted: monitor.on_lifecycle_changed,
            ModelRolledBack: monitor.on_lifecycle_changed,
            ShadowStarted: monitor.on_lifecycle_changed,
            ContenderRejected: monitor.on_lifecycle_changed,
        },
        background=deliveries.run,
        drain=deliveries.deliver_due,
        beside=[
            Subscription(ALERTS, (AlertRaised,), alerts.on_alert_raised),
            Subscription(
                WEBHOOKS,
                (MarketUpdated, ModelPromoted, ModelRolledBack),
                subscriptions.on_event,
            ),
            Subscription(BACKTESTS, (BacktestRequested,), backtests.on_backtest_requested),
        ],
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

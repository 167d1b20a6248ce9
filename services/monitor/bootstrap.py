"""Where the monitor is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from services.monitor.handlers import CONSUMER, Monitor
from services.monitor.repository import NowcastHealth
from shared.contracts.envelope import Envelope
from shared.contracts.messages import (
    ModelPromoted,
    ModelRolledBack,
    MonitorRequested,
    Payload,
    RetrainCheckRequested,
    ShadowStarted,
)
from shared.evaluation.policy import Policy, load_policy
from shared.messaging.bus import Subscription
from shared.messaging.ticks import JOBS
from shared.runtime.platform import Platform


class MonitorService:
    """The running monitor."""

    name = "monitor"

    def __init__(self, monitor: Monitor) -> None:
        self._handlers: dict[type[Payload], Callable[[Envelope], Awaitable[None]]] = {
            MonitorRequested: monitor.on_monitor_requested,
            RetrainCheckRequested: monitor.on_retrain_check_requested,
            ModelPromoted: monitor.on_lifecycle_changed,
            ModelRolledBack: monitor.on_lifecycle_changed,
            ShadowStarted: monitor.on_lifecycle_changed,
        }

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(CONSUMER, tuple(self._handlers), self._dispatch)]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        """Everything happens on messages."""

    async def drain(self) -> None:
        """Everything happens on messages."""


def build(
    platform: Platform,
    *,
    nowcast_every: timedelta = JOBS["nowcast"].every,
    policy: Policy | None = None,
) -> MonitorService:
    """From a platform; `nowcast_every` is how often a nowcast is due (a replay publishes more rarely)."""
    return MonitorService(
        Monitor(
            database=platform.database,
            clock=platform.clock,
            policy=policy or load_policy(),
            nowcast_every=nowcast_every,
            health=NowcastHealth(),
        )
    )

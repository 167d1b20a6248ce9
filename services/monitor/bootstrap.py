"""Builds the monitor from a platform."""

from datetime import timedelta

from services.monitor.handlers import CONSUMER, Monitor
from services.monitor.repository import NowcastHealth
from shared.contracts.messages import (
    ContenderRejected,
    ModelPromoted,
    ModelRolledBack,
    MonitorRequested,
    RetrainCheckRequested,
    ShadowStarted,
)
from shared.evaluation.policy import Policy, load_policy
from shared.messaging.ticks import JOBS
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService


def build(
    platform: Platform, *, nowcast_every: timedelta = JOBS["nowcast"].every, policy: Policy | None = None
) -> MessageService:
    """The monitor; `nowcast_every` is the interval between nowcasts (a replay publishes less frequently)."""
    monitor = Monitor(
        database=platform.database,
        clock=platform.clock,
        policy=policy or load_policy(platform.settings.policy_file),
        nowcast_every=nowcast_every,
        health=NowcastHealth(),
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
    )

"""Who listens to what.

Every process declares all of it before it publishes, so that messages wait for a consumer that is not up yet
and nothing the platform publishes is unroutable.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.messages import (
    ALL_MESSAGES,
    AlertRaised,
    BacktestRequested,
    ContenderRegistered,
    ContenderRejected,
    IngestRequested,
    MarketUpdated,
    ModelPromoted,
    ModelRolledBack,
    MonitorRequested,
    NowcastRequested,
    Payload,
    RetrainCheckRequested,
    ShadowMatured,
    ShadowStarted,
    TrainingDrainRequested,
    TrainingRequested,
)
from shared.messaging.bus import Bus

CONSUMERS: Mapping[str, tuple[type[Payload], ...]] = {
    "ingestor": (IngestRequested,),
    "nowcaster": (NowcastRequested, MarketUpdated, ModelPromoted, ModelRolledBack),
    "trainer": (TrainingRequested, TrainingDrainRequested),
    "gatekeeper": (ContenderRegistered, ShadowMatured, RetrainCheckRequested),
    "monitor": (
        MonitorRequested,
        RetrainCheckRequested,
        ModelPromoted,
        ModelRolledBack,
        ShadowStarted,
        ContenderRejected,
    ),
    # The notifier's queues and the backtester's keep the names that they had in the monitor's process. Under other
    # names a rolling update would strand what waits in the old queues, and the inbox would not know what was handled.
    "alerts": (AlertRaised,),
    "webhooks": (MarketUpdated, ModelPromoted, ModelRolledBack),
    "backtests": (BacktestRequested,),
}

# Some events only inform (nowcast.published): no service waits for them, an outside
# observer may bind a queue of its own. They still need one queue, or publishing them would fail as
# unroutable. That queue is `audit`: bounded in length and age, dropping its oldest, so that it can neither
# fill the broker nor refuse a message. It is bound only to the types nobody else consumes: bound to
# everything, it would hide that a real consumer's queue has vanished, which `mandatory` publishing is there
# to reveal.
AUDIT = "audit"
AUDIT_LENGTH = 10_000
AUDIT_AGE_MS = 7 * 24 * 3600 * 1000


def informative() -> tuple[type[Payload], ...]:
    """The message types that no service consumes."""
    consumed = {message for types in CONSUMERS.values() for message in types}
    return tuple(message for message in ALL_MESSAGES if message not in consumed)


async def declare_platform(bus: Bus) -> None:
    """Declare the queue of every consumer and the audit queue."""
    for consumer, types in CONSUMERS.items():
        await bus.declare(consumer, types)
    await bus.declare(AUDIT, informative())

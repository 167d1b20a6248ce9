"""Which consumer receives which messages.

Every process declares all queues before it publishes. So messages wait for consumers that have not started, and no
message of the platform is unroutable.
"""

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
    RetentionRequested,
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
    # The queues of the notifier and the backtester keep their names from the monitor's process. Under new names a
    # rolling update would strand the messages in the old queues, and the inbox would not recognise handled messages.
    "alerts": (AlertRaised,),
    "webhooks": (MarketUpdated, ModelPromoted, ModelRolledBack),
    "backtests": (BacktestRequested,),
    "retention": (RetentionRequested,),  # a queue of its own: a long removal must not delay nowcasts
}

FROM_OUTSIDE: tuple[type[Payload], ...] = (TrainingRequested,)
"""What programs outside the platform may send, on an exchange of its own."""

DEAD_LENGTH = 10_000
"""Dead letters that are kept; the oldest one makes room for another."""

# No service consumes informative events such as nowcast.published; outside observers may bind their own queues. Without
# any queue, publishing them would fail as unroutable, so `audit` receives them. It is bounded in length and age and
# drops its oldest message, so it never fills the broker or refuses a message. It is bound to no consumed type: it would
# hide the loss of a consumer's queue, which `mandatory` publishing detects.
AUDIT = "audit"
AUDIT_LENGTH = 10_000
AUDIT_AGE_MS = 7 * 24 * 3600 * 1000


def informative() -> tuple[type[Payload], ...]:
    """Message types that no service consumes."""
    consumed = {message for types in CONSUMERS.values() for message in types}
    return tuple(message for message in ALL_MESSAGES if message not in consumed)


async def declare_platform(bus: Bus) -> None:
    """Declare the queue of every consumer and the audit queue."""
    for consumer, types in CONSUMERS.items():
        await bus.declare(consumer, types)
    await bus.declare(AUDIT, informative())

"""Carry messages in one process, deterministically and without losing any to a kill.

The in-process bus keeps its queues in memory; the relay keeps an outbox row until everything it caused has been
handled. Killed in between, the row is still there and the inbox knows what was already done.
"""

from __future__ import annotations

from shared.messaging.memory import MemoryBus
from shared.messaging.outbox import Relay


async def settle(relay: Relay, bus: MemoryBus) -> None:
    """Deliver until no queue has a due message and the outbox is empty."""
    while await bus.run_until_idle() + await relay.run_once():
        pass

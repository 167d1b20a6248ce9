"""Where the gatekeeper is put together."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from services.gatekeeper.evidence import EvidenceGatherer
from services.gatekeeper.handlers import CONSUMER, Gatekeeper
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ContenderRegistered, Payload, ShadowMatured
from shared.evaluation.policy import Policy, load_policy
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform


class GatekeeperService:
    """The running gatekeeper."""

    name = "gatekeeper"

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self._handlers: dict[type[Payload], Callable[[Envelope], Awaitable[None]]] = {
            ContenderRegistered: gatekeeper.on_contender_registered,
            ShadowMatured: gatekeeper.on_shadow_matured,
        }

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(CONSUMER, tuple(self._handlers), self._dispatch)]

    async def _dispatch(self, message: Envelope) -> None:
        await self._handlers[type(message.data)](message)

    async def background(self) -> None:
        """Everything happens on messages."""

    async def drain(self) -> None:
        """Everything happens on messages."""


def build(platform: Platform, *, policy: Policy | None = None) -> GatekeeperService:
    """From a platform, with the packaged policy unless another is given."""
    policy = policy or load_policy()
    gatherer = EvidenceGatherer(
        database=platform.database,
        store=platform.store,
        policy=policy,
        threads=platform.settings.threads,
        stopwatch=time.perf_counter,
    )
    return GatekeeperService(
        Gatekeeper(database=platform.database, clock=platform.clock, policy=policy, gatherer=gatherer)
    )

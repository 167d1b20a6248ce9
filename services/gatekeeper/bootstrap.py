"""Where the gatekeeper is put together."""

from __future__ import annotations

import time

from services.gatekeeper.evidence import EvidenceGatherer
from services.gatekeeper.handlers import CONSUMER, Gatekeeper
from shared.contracts.messages import ContenderRegistered, ShadowMatured
from shared.evaluation.policy import Policy, load_policy
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService


def build(platform: Platform, *, policy: Policy | None = None) -> MessageService:
    """From a platform, with the packaged policy unless another is given."""
    policy = policy or load_policy()
    gatherer = EvidenceGatherer(
        database=platform.database,
        store=platform.store,
        policy=policy,
        threads=platform.settings.threads,
        stopwatch=time.perf_counter,
    )
    gatekeeper = Gatekeeper(database=platform.database, clock=platform.clock, policy=policy, gatherer=gatherer)
    return MessageService(
        CONSUMER,
        {
            ContenderRegistered: gatekeeper.on_contender_registered,
            ShadowMatured: gatekeeper.on_shadow_matured,
        },
    )

"""Builds the gatekeeper from a platform."""

from services.gatekeeper.handlers import CONSUMER, Gatekeeper
from shared.contracts.messages import ContenderRegistered, RetrainCheckRequested, ShadowMatured
from shared.evaluation.policy import Policy, load_policy
from shared.registry.evidence.gathering import EvidenceGatherer
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.signing.notes import trusted_keys
from shared.stores.market_reader import MarketReader


def build(platform: Platform, *, policy: Policy | None = None, reader: MarketReader | None = None) -> MessageService:
    """Without a policy, that of the settings. Services of one process share a reader."""
    policy = policy or load_policy(platform.settings.policy_file)
    gatherer = EvidenceGatherer(
        database=platform.database,
        store=platform.store,
        reader=reader or MarketReader(),
        clock=platform.clock,
        threads=platform.settings.threads,
        max_latency_s=policy.infra.max_latency_s,
        trusted=trusted_keys(platform.settings.trusted_keys),
    )
    gatekeeper = Gatekeeper(database=platform.database, clock=platform.clock, policy=policy, gatherer=gatherer)
    return MessageService(
        CONSUMER,
        {
            ContenderRegistered: gatekeeper.on_contender_registered,
            ShadowMatured: gatekeeper.on_shadow_matured,
            RetrainCheckRequested: gatekeeper.on_day_passed,
        },
    )

"""Builds the nowcaster from a platform."""

from services.nowcaster.archive import Archive
from services.nowcaster.explainer import Explainer
from services.nowcaster.handlers import CONSUMER, Nowcaster
from services.nowcaster.models import LoadedModels
from services.nowcaster.retention import CONSUMER as RETENTION
from services.nowcaster.retention import Retention
from shared.contracts.messages import (
    MarketUpdated,
    ModelPromoted,
    ModelRolledBack,
    NowcastRequested,
    RetentionRequested,
)
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.stores.market_reader import MarketReader
from shared.stores.retention.policy import load_retention


def build(platform: Platform, *, reader: MarketReader | None = None) -> MessageService:
    """A process that hosts several services passes one reader to all of them.

    Raises:
        InvalidInputError: the file of the retention policy is not usable.
    """
    reader = reader or MarketReader()
    archive = Archive(database=platform.database, store=platform.store, clock=platform.clock)
    nowcaster = Nowcaster(
        database=platform.database,
        clock=platform.clock,
        reader=reader,
        models=LoadedModels(platform.store, threads=platform.settings.threads),
        archive=archive,
    )
    explainer = build_explainer(platform, reader=reader)
    retention = Retention(
        database=platform.database,
        store=platform.store,
        clock=platform.clock,
        policy=load_retention(platform.settings.retention_file),
    )
    return MessageService(
        CONSUMER,
        {
            NowcastRequested: nowcaster.on_nowcast_requested,
            MarketUpdated: nowcaster.on_market_updated,
            ModelPromoted: nowcaster.on_champion_changed,
            ModelRolledBack: nowcaster.on_champion_changed,
        },
        background=explainer.background,
        drain=archive.catch_up,
        additional=[Subscription(RETENTION, (RetentionRequested,), retention.on_retention_requested)],
    )


def build_explainer(platform: Platform, *, reader: MarketReader | None = None) -> Explainer:
    """The work after a publication. It needs no messages, because it looks for missing explanations."""
    return Explainer(
        database=platform.database,
        clock=platform.clock,
        reader=reader or MarketReader(),
        models=LoadedModels(platform.store, threads=platform.settings.threads),
    )

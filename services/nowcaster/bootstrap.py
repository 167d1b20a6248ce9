"""Builds the nowcaster from a platform."""

import asyncio

from services.nowcaster.archive import Archive
from services.nowcaster.explainer import Explainer
from services.nowcaster.generation_log import GenerationLog
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
from shared.signing.notes import signing_keys, trusted_keys
from shared.stores.market_reader import MarketReader
from shared.stores.retention.policy import load_retention


def build(platform: Platform, *, reader: MarketReader | None = None) -> MessageService:
    """A process that hosts several services passes one reader to all of them.

    Raises:
        InvalidInputError: the file of the retention policy or a key of the settings is not usable.
    """
    reader = reader or MarketReader()
    settings = platform.settings
    archive = Archive(database=platform.database, store=platform.store, clock=platform.clock)
    nowcaster = Nowcaster(
        database=platform.database,
        clock=platform.clock,
        reader=reader,
        models=_models(platform),
        archive=archive,
    )
    explainer = build_explainer(platform, reader=reader)
    generation_log = GenerationLog(
        database=platform.database,
        clock=platform.clock,
        origin=settings.log_origin,
        keys=signing_keys(settings.signing_key, settings.log_origin),
    )

    async def background() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(explainer.background())
            group.create_task(generation_log.background())

    async def drain() -> None:
        await archive.catch_up()
        await generation_log.catch_up()

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
        background=background,
        drain=drain,
        additional=[Subscription(RETENTION, (RetentionRequested,), retention.on_retention_requested)],
    )


def build_explainer(platform: Platform, *, reader: MarketReader | None = None) -> Explainer:
    """The work after a publication. It needs no messages, because it looks for missing explanations."""
    return Explainer(
        database=platform.database,
        clock=platform.clock,
        reader=reader or MarketReader(),
        models=_models(platform),
    )


def _models(platform: Platform) -> LoadedModels:
    settings = platform.settings
    return LoadedModels(platform.store, threads=settings.threads, trusted=trusted_keys(settings.trusted_keys))

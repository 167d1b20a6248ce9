"""Builds the ingestor from a platform."""

from functools import partial

from services.ingestor.following import follow
from services.ingestor.handlers import CONSUMER, Ingestor
from services.ingestor.pulling import puller
from services.ingestor.reference import reference
from shared.contracts.messages import IngestRequested
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService
from shared.sources.source import BlockSource, MarketSource, source_of
from shared.stores.market_reader import MarketReader


def build_ingestor(platform: Platform, source: MarketSource | BlockSource, reader: MarketReader) -> Ingestor:
    """The ingestor without its queue, for a backfill."""
    return Ingestor(
        database=platform.database,
        clock=platform.clock,
        source=source,
        puller=puller(platform.database, source),
        reference=reference(platform.database, source),
        reader=reader,
    )


def build(
    platform: Platform, *, source: MarketSource | BlockSource | None = None, reader: MarketReader | None = None
) -> MessageService:
    """Build the service. A process with several services shares one `reader` among them."""
    source = source or source_of(platform.settings)
    ingestor = build_ingestor(platform, source, reader or MarketReader())
    return MessageService(
        CONSUMER,
        {IngestRequested: ingestor.on_ingest_requested},
        background=partial(follow, ingestor, source) if isinstance(source, BlockSource) else None,
    )

"""Where the ingestor is put together."""

from __future__ import annotations

from services.ingestor.handlers import CONSUMER, Ingestor
from shared.contracts.messages import IngestRequested
from shared.market.reader import MarketReader
from shared.market.source import MarketSource, open_source
from shared.runtime.platform import Platform
from shared.runtime.service import MessageService


def build(
    platform: Platform, *, source: MarketSource | None = None, reader: MarketReader | None = None
) -> MessageService:
    """From a platform; a process that hosts several services passes one reader to all of them."""
    ingestor = Ingestor(
        database=platform.database,
        clock=platform.clock,
        source=source or open_source(platform.settings.source_url),
        reader=reader or MarketReader(),
    )
    return MessageService(CONSUMER, {IngestRequested: ingestor.on_ingest_requested})

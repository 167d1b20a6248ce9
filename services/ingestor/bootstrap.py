"""Where the ingestor is put together."""

from __future__ import annotations

from collections.abc import Sequence

from services.ingestor.handlers import CONSUMER, Ingestor
from shared.contracts.messages import IngestRequested
from shared.market.reader import MarketReader
from shared.market.source import MarketSource, open_source
from shared.messaging.bus import Subscription
from shared.runtime.platform import Platform


class IngestorService:
    """The running ingestor."""

    name = "ingestor"

    def __init__(self, ingestor: Ingestor) -> None:
        self._ingestor = ingestor

    def subscriptions(self) -> Sequence[Subscription]:
        return [Subscription(CONSUMER, (IngestRequested,), self._ingestor.on_ingest_requested)]

    async def background(self) -> None:
        """Everything happens on messages."""

    async def drain(self) -> None:
        """Everything happens on messages."""


def build(
    platform: Platform, *, source: MarketSource | None = None, reader: MarketReader | None = None
) -> IngestorService:
    """From a platform; a process that hosts several services passes one reader to all of them."""
    return IngestorService(
        Ingestor(
            database=platform.database,
            clock=platform.clock,
            source=source or open_source(platform.settings.source_url),
            reader=reader or MarketReader(),
        )
    )

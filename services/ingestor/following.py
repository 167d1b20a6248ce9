"""Pulls at once when the source has another newest block."""

from contextlib import aclosing

import structlog

from services.ingestor.handlers import Ingestor
from shared.database.pool import AWAY
from shared.errors import PunkcastError
from shared.sources.source import BlockSource

log = structlog.get_logger(__name__)


async def follow(ingestor: Ingestor, source: BlockSource) -> None:
    """Read each head, until cancelled. A failed pull is not repeated: the next one reads the same blocks."""
    failing = ""
    async with aclosing(source.heads()) as heads:
        async for _ in heads:
            try:
                await ingestor.on_head()
            except (PunkcastError, *AWAY) as error:
                reason = type(error).__name__
                if reason != failing:  # once for an outage
                    log.warning("head.not_read", reason=f"{reason}: {error}")
                failing = reason
            else:
                failing = ""

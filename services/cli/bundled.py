"""The real market's history that comes with the source tree, so that a node is only asked for the time after it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.cli.importing import import_into
from shared.runtime.platform import Platform
from shared.sources.ethereum.checkpoints import MAINNET
from shared.sources.ethereum.contract import FIRST_BLOCK
from shared.sources.event_files import read_event_files
from shared.sources.source import BlockSource, MarketSource
from shared.stores import chain_repository

BUNDLED: Final = Path(__file__).parents[2] / "data"


async def begin_with_history(
    platform: Platform, source: MarketSource | BlockSource, say: Callable[[str], None]
) -> None:
    """Import `BUNDLED` into an empty database, if the source would read CryptoPunksMarket from its beginning."""
    if not isinstance(source, BlockSource) or source.identity != MAINNET or source.start_block != FIRST_BLOCK:
        return
    if not BUNDLED.is_dir():
        return
    async with platform.database.connection() as connection:
        if await chain_repository.read_up_to(connection, source.identity) >= 0:
            return
    say(f"importing the real market's history from {BUNDLED}")
    imported = await import_into(platform, read_event_files(BUNDLED))
    newest = imported.newest
    say(f"{imported.appended:,} events imported, up to block {newest.last_block:,}; the node goes on from there")

"""Compares the stored events with the chain's."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from shared.database.pool import Database
from shared.errors import TransientError
from shared.market.chain import Cursor, Located, Place
from shared.stores import chain_repository

log = structlog.get_logger(__name__)

FINAL_AFTER: Final = 64
"""Ethereum finalises a block after this number of blocks."""
SECOND_LOOK: Final = 2_000
"""The most blocks that a pull reads a second time."""
_AT_LEAST: Final = 32
"""Fewer new final blocks wait for the next pull."""


class Chain(Protocol):
    """The part of a `BlockSource` that reads events again."""

    def places_between(self, first: int, last: int) -> AsyncGenerator[tuple[int, set[Place]]]: ...

    async def proven_places(self, block: int) -> set[Place]: ...


@dataclass(frozen=True)
class Compared:
    """Blocks up to `last`: places of events that are not stored, and stored places that the chain does not have."""

    last: int
    events: int
    missing: list[Place]
    surplus: list[Place]


async def differences(database: Database, chain: Chain, first: int, last: int) -> AsyncGenerator[Compared]:
    """Compare blocks `first` to `last`, part by part."""
    parts = chain.places_between(first, last)
    async with aclosing(parts):
        async for until, places in parts:
            async with database.connection() as connection:
                stored = await chain_repository.stored_places(connection, first, until)
            yield Compared(until, len(stored), sorted(places - stored), sorted(stored - places))
            first = until + 1


async def first_wrong_block(database: Database, chain: Chain, first: int, last: int) -> int | None:
    """The first of these blocks whose stored events are proven to be wrong; None if all are right."""
    async with aclosing(differences(database, chain, first, last)) as parts:
        async for part in parts:
            for block in sorted({place[0] for place in (*part.missing, *part.surplus)}):
                proven = await chain.proven_places(block)
                async with database.connection() as connection:
                    stored = await chain_repository.stored_places(connection, block, block)
                if proven != stored:
                    return block
                log.warning("node.wrong_logs", block=block, missing=len(part.missing), surplus=len(part.surplus))
    return None


async def second_look(
    database: Database, chain: Chain, cursor: Cursor, located: Located
) -> tuple[int | None, int | None]:
    """Compare the blocks that have become final with another node, where there is one.

    Returns the last compared block, and the first wrong block (None if all are right).
    """
    if cursor.settled is None or cursor.block < located.head - SECOND_LOOK:
        return cursor.settled, None
    last = min(cursor.block, located.head - FINAL_AFTER)
    if last - cursor.settled < _AT_LEAST:
        return cursor.settled, None
    try:
        return last, await first_wrong_block(database, chain, cursor.settled + 1, last)
    except TransientError as error:
        log.warning("chain.second_look_postponed", reason=str(error))
        return cursor.settled, None

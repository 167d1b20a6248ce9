"""Following a chain of blocks: how far it was read, and how the source finds out that the chain is another one now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

KEPT_BLOCKS: Final = 128
"""Of so many of the last blocks the hashes are kept. Ethereum finalises after 64; a reorganisation deeper than twice
that is no accident, and nothing should repair itself after it."""


@dataclass(frozen=True)
class BlockRef:
    """One block of one history of the chain."""

    number: int
    hash: str


@dataclass(frozen=True)
class ChainIdentity:
    """Which market on which chain; a database holds one."""

    chain_id: int
    market: str


@dataclass(frozen=True)
class Cursor:
    """How far the chain was read: `block` is the last block read, whether or not there were events in it.

    `recent` are blocks up to `block`, ascending, as they were when they were read; empty when nothing is known of them
    (before the first read, or when the events came from files).
    """

    block: int
    recent: tuple[BlockRef, ...] = ()


@dataclass(frozen=True)
class Located:
    """Where a cursor stands on the chain as it is now.

    Attributes:
        ancestor: the last block read that is still part of the chain; what came after it is orphaned.
        orphaned: whether anything is.
        target: how far one may read: the head less the confirmations.
        head: the newest block.
    """

    ancestor: BlockRef | int
    orphaned: bool
    target: int
    head: int

    @property
    def block(self) -> int:
        return self.ancestor if isinstance(self.ancestor, int) else self.ancestor.number


@dataclass(frozen=True)
class Scan:
    """What was read after a located cursor: `events` (`EVENT_SCHEMA`) of the blocks up to `cursor.block`.

    `cursor.recent` are blocks among those just read. `complete`: there is no more to read for now.
    """

    events: pl.DataFrame
    cursor: Cursor
    complete: bool

"""Following a chain of blocks: the last block read, and whether a reorganisation has replaced it."""

from dataclasses import dataclass
from typing import Final

import polars as pl

KEPT_BLOCKS: Final = 128
"""How many of the last block hashes are kept. Ethereum finalises after 64 blocks. A reorganisation of twice that depth
needs a person, not a repair."""


@dataclass(frozen=True)
class BlockRef:
    """A block of one fork of the chain."""

    number: int
    hash: str


@dataclass(frozen=True)
class ChainIdentity:
    """A market contract on a chain; a database holds one."""

    chain_id: int
    market: str


@dataclass(frozen=True)
class Cursor:
    """The last block read, with or without events.

    `recent`: the last blocks up to `block` as read, ascending; empty before the first read, or if the events came from
    files.
    """

    block: int
    recent: tuple[BlockRef, ...] = ()


@dataclass(frozen=True)
class Located:
    """The position of a cursor on the current chain.

    Attributes:
        ancestor: the last block read that is still part of the chain.
        orphaned: whether blocks after the ancestor were read and are orphaned.
        target: the last block that may be read: the head minus the confirmations.
        head: the newest block.
        head_time: its time, in UTC seconds.
    """

    ancestor: BlockRef | int
    orphaned: bool
    target: int
    head: int
    head_time: int = 0

    @property
    def block(self) -> int:
        return self.ancestor if isinstance(self.ancestor, int) else self.ancestor.number


@dataclass(frozen=True)
class Scan:
    """The events (`EVENT_SCHEMA`) from a located cursor up to `cursor.block`; `complete`: the target is reached."""

    events: pl.DataFrame
    cursor: Cursor
    complete: bool

"""Following a chain of blocks: the last block read, and whether a reorganisation has replaced it."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import polars as pl

KEPT_BLOCKS: Final = 128
"""How many of the last block hashes are kept. Ethereum finalises after 64 blocks. A reorganisation of twice that depth
needs a person, not a repair."""


Place = tuple[int, int, str]
"""Where an event is on the chain: block, index of the log, hash of the transaction."""


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
    files. `settled`: the last block whose events were compared a second time; None before the first read.
    """

    block: int
    recent: tuple[BlockRef, ...] = ()
    settled: int | None = None


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


@dataclass(frozen=True)
class Checkpoint:
    """The known number of events in the blocks `first` to `last`, and the digest of their places."""

    first: int
    last: int
    events: int
    digest: str


def digest(places: Iterable[Place]) -> str:
    """The SHA-256 of these places in contract order, one line each."""
    return sha256("".join(f"{block},{index},{tx}\n" for block, index, tx in places).encode()).hexdigest()

"""Following a chain of blocks: the last block read, and whether a reorganisation has replaced it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

KEPT_BLOCKS: Final = 128
"""How many of the last block hashes are kept. Ethereum finalises after 64 blocks. A reorganisation of twice that depth
needs a person, not a repair."""

PROVISIONAL_BLOCKS: Final = 6
"""An event is provisional while fewer than this number of blocks after its block have been read."""


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
class MarketOrigin:
    """Where a market comes from: `simulated`, `files` or `chain`. A database holds one."""

    kind: str
    identity: str

    @classmethod
    def of_chain(cls, chain_id: int, market: str) -> MarketOrigin:
        return cls("chain", f"the market {market} on chain {chain_id}")


FILES: Final = MarketOrigin("files", "events of files")


@dataclass(frozen=True)
class NodeState:
    """A node as its last requests showed it. `problem`: why its last answer was not usable; None if it was."""

    name: str
    head: int | None
    failures: int
    problem: str | None


@dataclass(frozen=True)
class Look:
    """What a look at a source showed. Without blocks, all of it is empty.

    `times`: of the newest block and of the last block read, in UTC seconds; None if not known.
    """

    head: int | None = None
    times: tuple[int | None, int | None] = (None, None)
    nodes: Sequence[NodeState] = ()


NOTHING_SEEN: Final = Look()


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
    """The events (`EVENT_SCHEMA`) from a located cursor up to `cursor.block`; `complete`: the target is reached.

    `time`: of the last block, in UTC seconds; None if no block was read.
    """

    events: pl.DataFrame
    cursor: Cursor
    complete: bool
    time: int | None = None


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

"""The Merkle tree over a generation's canonical lines, and proofs that one line is part of it.

The tree of RFC 6962: a leaf is SHA-256(0x00 | line), a node SHA-256(0x01 | left | right), and the last of an odd level
goes up as it is. Nothing here but hashing, so that a verifier needs nothing else; see docs/proofs.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Step:
    """A neighbour on the way from a leaf to the root, and on which side it stands."""

    side: Side
    hash: bytes


def canonical_line(punk_id: int, wei: Sequence[str], confidence: str) -> str:
    """A punk's line: its number, the seven amounts in the order of `generation.COLUMNS` (wei as text), the grade."""
    return ",".join((str(punk_id), *wei, confidence))


def leaf_hash(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_levels(lines: bytes) -> list[list[bytes]]:
    """All levels of the tree over lines of text, leaves first, the root alone in the last."""
    level = [leaf_hash(line) for line in lines.rstrip(b"\n").split(b"\n")]
    levels = [level]
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
        levels.append(level)
    return levels


def proof(levels: Sequence[Sequence[bytes]], index: int) -> tuple[Step, ...]:
    """The neighbours of leaf `index` on its way up. Raises IndexError when there is no such leaf."""
    if not 0 <= index < len(levels[0]):
        raise IndexError(f"there is no leaf {index}; there are {len(levels[0])}")
    steps = []
    for level in levels[:-1]:
        other = index ^ 1
        if other < len(level):
            steps.append(Step("left" if other < index else "right", level[other]))
        index //= 2
    return tuple(steps)


def root_of(line: bytes, steps: Sequence[Step]) -> bytes:
    """The root that a line and its neighbours lead to."""
    found = leaf_hash(line)
    for step in steps:
        found = node_hash(step.hash, found) if step.side == "left" else node_hash(found, step.hash)
    return found

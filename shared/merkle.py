"""The Merkle tree over a generation's canonical lines, with inclusion proofs.

The tree of RFC 6962: a leaf is SHA-256(0x00 | line), a node SHA-256(0x01 | left | right). The last node of an odd level
moves up unchanged. A verifier needs only this module; see docs/proofs.md. `GrowingTree` is the same tree over a list
that only grows, the log of generations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Step:
    """A sibling hash on the path from a leaf to the root, and its side."""

    side: Side
    hash: bytes


def canonical_line(punk_id: int, wei: Sequence[str], confidence: str) -> str:
    """A punk's line: id, seven amounts in the order of `generation.COLUMNS` (wei as text), grade."""
    return ",".join((str(punk_id), *wei, confidence))


def leaf_hash(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_levels(lines: bytes) -> list[list[bytes]]:
    """All levels of the tree over lines of text: leaves first, the root last."""
    level = [leaf_hash(line) for line in lines.rstrip(b"\n").split(b"\n")]
    levels = [level]
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + ([level[-1]] if len(level) % 2 else [])
        levels.append(level)
    return levels


def proof(levels: Sequence[Sequence[bytes]], index: int) -> tuple[Step, ...]:
    """The sibling hashes from leaf `index` to the root. Raises IndexError for an unknown leaf."""
    if not 0 <= index < len(levels[0]):
        raise IndexError(f"there is no leaf {index}; the tree has {len(levels[0])} leaves")
    steps = []
    for level in levels[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            steps.append(Step("left" if sibling < index else "right", level[sibling]))
        index //= 2
    return tuple(steps)


def root_of(line: bytes, steps: Sequence[Step]) -> bytes:
    """The root computed from a line and its sibling hashes."""
    node = leaf_hash(line)
    for step in steps:
        node = node_hash(step.hash, node) if step.side == "left" else node_hash(node, step.hash)
    return node


class GrowingTree:
    """The tree over the lines so far. It keeps the root of each full subtree, so a further line costs few hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def append(self, line: bytes) -> None:
        node = leaf_hash(line)
        # Every one at the end of the binary size is a full subtree as high as the new one.
        waiting = self.size
        while waiting & 1:
            node = node_hash(self._full.pop(), node)
            waiting >>= 1
        self._full.append(node)
        self.size += 1

    def root(self) -> bytes:
        """SHA-256 of nothing, if there are no lines."""
        if not self._full:
            return hashlib.sha256().digest()
        *rest, node = self._full
        for full in reversed(rest):
            node = node_hash(full, node)
        return node

    def copy(self) -> GrowingTree:
        copied = GrowingTree()
        copied.size, copied._full = self.size, list(self._full)
        return copied

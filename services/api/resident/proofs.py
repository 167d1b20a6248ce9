"""The Merkle tree of a generation, hashed again from the rows that are served."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from services.api.resident.facts import Generation
from services.api.resident.formats import lines
from shared.errors import IntegrityError
from shared.merkle import Step, merkle_levels, proof


@dataclass(frozen=True)
class Proof:
    """A punk's line, and its neighbours on the way up."""

    line: bytes
    leaf: bytes
    index: int
    count: int
    steps: tuple[Step, ...]
    root: bytes


class Tree:
    """All levels, some 20,000 hashes; made when the first proof is asked for."""

    def __init__(self, generation: Generation) -> None:
        """Raises IntegrityError: the rows do not have the root that was published."""
        text = lines(generation)
        self._punks = generation.by_punk
        self._lines = text.rstrip(b"\n").split(b"\n")
        self._levels = merkle_levels(text)
        if self._levels[-1][0].hex() != generation.facts.merkle_root:
            raise IntegrityError(
                f"generation {generation.facts.generation_id} does not have the Merkle root it was published with"
            )

    def proof(self, punk: int) -> Proof:
        """Of a punk that the generation values."""
        index = bisect_left(self._punks, punk)
        return Proof(
            line=self._lines[index],
            leaf=self._levels[0][index],
            index=index,
            count=len(self._lines),
            steps=proof(self._levels, index),
            root=self._levels[-1][0],
        )

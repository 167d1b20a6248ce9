"""The Merkle tree of a generation, hashed again from the rows that are served."""

from services.api.nowcasts.schemas import ProofDocument, ProofStep
from services.api.view.generation import Generation
from shared.errors import IntegrityError
from shared.merkle import merkle_levels, proof


class Tree:
    """All levels, about 20,000 hashes; computed for the first proof."""

    def __init__(self, generation: Generation) -> None:
        """Raises IntegrityError: the rows do not have the root that was published."""
        self._generation = generation
        self._levels = merkle_levels(generation.lines)
        if self._levels[-1][0].hex() != generation.record.merkle_root:
            raise IntegrityError(
                f"generation {generation.record.generation_id} does not have the Merkle root it was published with"
            )

    def proof(self, punk: int) -> ProofDocument:
        """Of a punk that the generation values."""
        index = self._generation.place(punk)
        return ProofDocument(
            generation=self._generation.document,
            punk_id=punk,
            line=self._generation.line(punk),
            leaf=self._levels[0][index].hex(),
            leaf_index=index,
            leaf_count=len(self._levels[0]),
            path=[ProofStep(side=step.side, hash=step.hash.hex()) for step in proof(self._levels, index)],
            root=self._levels[-1][0].hex(),
            algorithm="rfc6962-sha256",
        )

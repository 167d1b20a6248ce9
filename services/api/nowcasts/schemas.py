"""A generation's values, and proofs of single ones."""

from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.schemas import GenerationDocument, Valued


class NowcastEntry(Valued):
    punk_id: int


class NowcastDocument(Document):
    """A whole generation, by punk."""

    generation: GenerationDocument
    count: int
    punks: list[NowcastEntry]


class ProofStep(Document):
    """A neighbour on the way from the leaf to the root."""

    side: Annotated[Literal["left", "right"], Field(description="Where the neighbour stands")]
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ProofDocument(Document):
    """That a value was part of a generation whose root was published with it. See docs/proofs.md."""

    generation: GenerationDocument
    punk_id: int
    line: Annotated[
        str,
        Field(
            description="punk_id,value_wei,lo50_wei,hi50_wei,lo80_wei,hi80_wei,lo90_wei,hi90_wei,confidence",
            examples=["7804,4000000000000000000000,1,2,1,2,1,2,D"],
        ),
    ]
    leaf: Annotated[str, Field(description="SHA-256 of a zero byte and the line")]
    leaf_index: int
    leaf_count: int
    path: Annotated[list[ProofStep], Field(description="From the leaf upwards")]
    root: Annotated[str, Field(description="What the path leads to; equals the generation's `merkle_root`")]
    algorithm: Literal["rfc6962-sha256"]

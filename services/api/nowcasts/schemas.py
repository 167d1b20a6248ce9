"""Generations: their list, their proofs, and all values in columns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.schemas import GenerationDocument, MarketAsOf


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


class Columns(Document):
    """One entry for each punk, in the order of `punk_id`. Amounts in ETH, to six significant digits."""

    punk_id: list[int]
    type: Annotated[list[int | None], Field(description="Place in `types`")]
    skin: Annotated[list[int | None], Field(description="Place in `skins`; null for zombies, apes and aliens")]
    traits: Annotated[list[list[int]], Field(description="Places in `traits`")]
    value_eth: list[float]
    lo80_eth: list[float]
    hi80_eth: list[float]
    ask_eth: Annotated[list[float | None], Field(description="Public ask")]
    bid_eth: Annotated[list[float | None], Field(description="Standing bid")]
    last_sale_eth: list[float | None]
    confidence: Annotated[str, Field(description="One letter a punk", examples=["AABD"])]


class ColumnsDocument(Document):
    """Everything a page needs to show, filter and sort all punks by itself. Under 300 kB compressed."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    count: int
    types: list[str]
    skins: list[str]
    traits: Annotated[list[str], Field(description="Accessories")]
    columns: Columns

"""One punk with its reasons."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.api.punks.explanation_schemas import Changes, ComparableSale, Contributions
from services.api.schemas import GenerationDocument, MarketAsOf, PunkEntry


class PunkDocument(PunkEntry):
    """A punk's value, what it is made of, and where the punk stands in the market."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    contributions: Contributions | None
    comparables: Annotated[list[ComparableSale] | None, Field(description="Most alike first")]
    changes: Annotated[Changes | None, Field(description="Since the nowcast before; null when there is none")]
    unexplained: Annotated[
        str | None,
        Field(
            description="Why contributions and comparables are null: they follow a publication after a while",
            examples=["The reasons of this generation are being worked out; ask again in a minute."],
        ),
    ]

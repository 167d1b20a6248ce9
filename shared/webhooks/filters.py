"""Which deals a subscriber wants."""

from collections.abc import Collection
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.units import eth_in_wei

GRADES: Final = "ABCD"
"""Grades of confidence, the best first."""
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(max_length=20)]


class DealFilters(BaseModel):
    """What a deal must be, beside `deal_margin`. A filter that is not given lets every deal through."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_probability: Annotated[
        float | None,
        Field(ge=0, le=1, allow_inf_nan=False, description="That the punk is worth more than its ask, as in /v1/deals"),
    ] = None
    max_price: Annotated[float | None, Field(gt=0, le=1e9, allow_inf_nan=False, description="Highest ask, in ETH")] = (
        None
    )
    min_confidence: Annotated[Literal["A", "B", "C", "D"] | None, Field(description="A is best")] = None
    types: Annotated[Names | None, Field(description="One of these types")] = None
    traits: Annotated[Names | None, Field(description="All of these accessories")] = None

    def admit(
        self, *, ask_wei: int, probability: float, confidence: str, punk_type: str, accessories: Collection[str]
    ) -> bool:
        """Whether the subscriber wants this deal. Bounds are inclusive."""
        return (
            (self.min_probability is None or probability >= self.min_probability)
            and (self.max_price is None or ask_wei <= eth_in_wei(self.max_price))
            and (self.min_confidence is None or GRADES.index(confidence) <= GRADES.index(self.min_confidence))
            and (not self.types or punk_type in self.types)
            and set(self.traits or ()) <= set(accessories)
        )

"""Live asks ranked by how likely the punk is worth more."""

from typing import Annotated

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money
from services.api.punks.schemas import Ask
from services.api.schemas import GenerationDocument, Grade, MarketAsOf


class Deal(Document):
    """A public ask and the value of its punk. `probability` and margins allow for the selection of low asks."""

    punk_id: int
    type: str | None
    ask: Ask
    value: Money
    lo80: Money
    hi80: Money
    confidence: Grade
    discount: Annotated[float, Field(description="1 - ask / value, before anything is shrunk")]
    probability: Annotated[float, Field(ge=0, le=1, description="That the value exceeds the ask")]
    shrunk_value_eth: Annotated[float, Field(description="The value, shrunk towards what asks are usually worth")]
    expected_margin_eth: Annotated[float, Field(description="Shrunk value after the fee, less ask and gas")]
    expected_return: Annotated[float, Field(description="Expected margin over ask and gas")]


class DealPrior(Document):
    """What was learnt from all live asks: ln(value / ask) has this mean and spread."""

    asks: int
    mean: float
    spread: float


class DealsDocument(Document):
    """Most probable first. All pages are of one generation; asks are those of now."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    fee_percent: float
    gas_eth: float
    min_probability: float
    prior: DealPrior | None
    items: list[Deal]
    next_cursor: str | None

"""Traits: floors, values, premiums."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money
from services.api.schemas import FloorDocument, GenerationDocument, MarketAsOf, SaleKind

TraitKind = Literal["type", "skin", "count", "accessory"]
KINDS: tuple[TraitKind, ...] = ("type", "skin", "count", "accessory")


class Premium(Document):
    """What a trait adds, by the sales index: other traits held equal. Amounts in ETH for a common punk of today."""

    log: Annotated[float, Field(description="ln(price with the trait / price without)")]
    standard_error: Annotated[float, Field(description="Of `log`, by the index's Kalman filter")]
    eth: float
    lo80_eth: float
    hi80_eth: float


class TraitEntry(Document):
    """A type, a skin, an accessory, or a number of accessories."""

    id: Annotated[str, Field(examples=["accessory:Hoodie"])]
    kind: TraitKind
    name: Annotated[str, Field(examples=["Hoodie"])]
    punks: Annotated[int, Field(description="How many have it")]
    listed: Annotated[int, Field(description="How many of them have a public ask")]
    floor: Annotated[FloorDocument | None, Field(description="The lowest of those asks")]
    over_floor_eth: Annotated[float | None, Field(description="The trait's floor less the market's")]
    lowest_value: Annotated[Money | None, Field(description="Lowest value of a punk that has it")]
    median_value: Money | None
    sales_365d: Annotated[int, Field(description="Valid sales in the year up to the last event")]
    premium: Annotated[Premium | None, Field(description="Null until the generation's explanation is there")]


class TraitsDocument(Document):
    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    items: list[TraitEntry]


class TraitSale(Document):
    """A valid sale of a punk with the trait."""

    punk_id: int
    time: datetime
    price: Money
    floor: Annotated[Money, Field(description="The floor just before")]
    at_todays_floor_eth: Annotated[float | None, Field(description="price / floor then * floor now")]
    kind: SaleKind


class TraitAsk(Document):
    punk_id: int
    price: Money
    value: Money
    discount: Annotated[float, Field(description="1 - ask / value")]


class TraitDocument(Document):
    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    trait: TraitEntry
    recent_sales: Annotated[list[TraitSale], Field(description="Newest first, up to twenty")]
    lowest_asks: Annotated[list[TraitAsk], Field(description="Up to twenty")]

"""Schemas that several resources share."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.api.documents import Document
from services.api.money import Money

Grade = Literal["A", "B", "C", "D"]
SaleKind = Literal["buy", "accept_bid"]


class Strict(BaseModel):
    """A JSON object with exactly the members that the class names, validated: from clients, or from stored JSON."""

    model_config = ConfigDict(extra="forbid")


class GenerationDocument(Document):
    """Which nowcast: 10,000 values made from one snapshot by one model."""

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: Annotated[datetime, Field(description="Values know only what happened before this instant, UTC")]
    as_of_block: int
    published_at: datetime
    floor: Money
    values_sha256: str
    merkle_root: str


class MarketAsOf(Document):
    """Last event that asks, owners and sales are derived from."""

    block: int
    time: datetime


class Interval(Document):
    lo: Money
    hi: Money


class Valued(Document):
    """A fair value: the price a valid sale now is expected to have, with intervals by coverage in percent."""

    value: Money
    intervals: dict[Literal["50", "80", "90"], Interval]
    confidence: Annotated[Grade, Field(description="A is best")]


class FloorDocument(Document):
    price: Money
    punk_id: int

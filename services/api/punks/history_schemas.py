"""One punk's past: values, sales, asks, bids."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money


class ValuePoint(Document):
    """What one published nowcast said. Amounts in ETH."""

    generation_id: int
    model_id: str
    as_of: datetime
    value_eth: float
    lo80_eth: float
    hi80_eth: float


class PastSale(Document):
    time: datetime
    price: Money
    floor: Annotated[Money | None, Field(description="Lowest public ask of any other punk just before")]
    kind: Literal["buy", "accept_bid"]
    seller: str | None
    buyer: str | None
    valid: Annotated[bool, Field(description="Counts for training and scoring")]
    exclusion: Annotated[str | None, Field(description="Why it does not count")]
    tx_hash: str


class Standing(Document):
    """An ask or a bid, from when it was placed to when it ended."""

    price: Money
    by: Annotated[str | None, Field(description="Address of the seller, or of the bidder")]
    start: datetime
    end: Annotated[datetime | None, Field(description="Null while it stands")]
    ended_by: Annotated[str | None, Field(description="Type of the event that ended it", examples=["delisted"])]


class HistoryDocument(Document):
    """Oldest first. Every list is complete unless `truncated` names it: then only the newest are shown."""

    punk_id: int
    start: Annotated[datetime | None, Field(description="`from` of the request")]
    end: Annotated[datetime | None, Field(description="`to` of the request")]
    values: list[ValuePoint]
    step_seconds: Annotated[
        int | None, Field(description="The values are the last of each step of so many seconds; null: all of them")
    ]
    sales: list[PastSale]
    asks: Annotated[list[Standing], Field(description="Public asks")]
    bids: list[Standing]
    truncated: list[Literal["sales", "asks", "bids"]]

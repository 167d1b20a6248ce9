"""The market's state and its daily series."""

from datetime import date as Date  # noqa: N812 - a field below is called `date`
from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money
from services.api.schemas import FloorDocument, GenerationDocument, MarketAsOf


class VolumeDocument(Document):
    """Sales in the days up to the market's last event."""

    days: int
    sales: int
    valid_sales: int
    volume: Money


class EthUsd(Document):
    close: float
    date: Date


class DepthStep(Document):
    """All public asks up to a price, counted from the floor upwards."""

    above_floor_percent: int
    price: Annotated[Money, Field(description="The floor, and so many percent")]
    asks: Annotated[int, Field(description="Asks up to that price")]
    amount: Annotated[Money, Field(description="What buying all of them would cost")]


class HighBid(Document):
    punk_id: int
    price: Money
    bidder: str | None
    since: datetime


class BidsDocument(Document):
    standing: Annotated[int, Field(description="Bids that nothing has ended")]
    amount: Annotated[Money, Field(description="All of them together")]
    highest: Annotated[list[HighBid], Field(description="The ten highest")]


class MarketDocument(Document):
    """The market as of its last event, and the nowcast it is shown with."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    floor: FloorDocument | None
    asks: Annotated[int, Field(description="Public asks")]
    depth: list[DepthStep]
    bids: BidsDocument
    volumes: list[VolumeDocument]
    eth_usd: EthUsd | None


class MarketDay(Document):
    """One day (UTC). Amounts in ETH, null where unknown."""

    date: Date
    floor_eth: Annotated[float | None, Field(description="Lowest public ask at the day's end")]
    index_eth: Annotated[
        float | None, Field(description="Value index: what a common punk is worth by the sales index at the day's end")
    ]
    sales: int
    valid_sales: int
    volume_eth: float
    eth_usd: float | None


class MarketSeriesDocument(Document):
    """Days in order, including days without sales."""

    start: Date | None
    end: Date | None
    days: list[MarketDay]

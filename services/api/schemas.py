"""Documents that carry values: what OpenAPI shows is what the routes build and encode."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - a field below is called `date`
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money


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
    confidence: Annotated[Literal["A", "B", "C", "D"], Field(description="A is best")]


class Ask(Document):
    """A public listing. Values never read the punk's own ask."""

    price: Money
    seller: str | None
    since: datetime
    block: int


class LastSale(Document):
    price: Money
    time: datetime
    kind: Literal["buy", "accept_bid"] | None
    valid: Annotated[bool | None, Field(description="Counts for training and scoring")]
    seller: str | None
    buyer: str | None
    tx_hash: str | None


class Bid(Document):
    """The standing bid on a punk."""

    price: Money
    bidder: str | None
    since: datetime


class PunkEntry(Valued):
    """A punk, its value, and where it stands in the market."""

    punk_id: Annotated[int, Field(ge=0, le=9999)]
    type: str | None
    skin: str | None
    traits: list[str]
    trait_count: int
    ask: Ask | None
    bid: Bid | None
    last_sale: LastSale | None
    owner: str | None
    owner_since: datetime | None
    discount: Annotated[float | None, Field(description="1 - ask / value; null without an ask")]


class PunkPage(Document):
    """Up to `limit` punks; go on with `next_cursor` until it is null. All pages show the same generation."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    items: list[PunkEntry]
    next_cursor: str | None


class NowcastEntry(Valued):
    punk_id: int


class NowcastDocument(Document):
    """A whole generation, by punk."""

    generation: GenerationDocument
    count: int
    punks: list[NowcastEntry]


class FloorDocument(Document):
    price: Money
    punk_id: int


class VolumeDocument(Document):
    """Sales in the days up to the market's last event."""

    days: int
    sales: int
    valid_sales: int
    volume: Money


class EthUsd(Document):
    close: float
    date: Date

"""A punk: its value and the reasons for it, its offers, its past; and all punks in columns."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money
from services.api.schemas import GenerationDocument, MarketAsOf, SaleKind, Valued


class Ask(Document):
    """A public listing. Values never read the punk's own ask."""

    price: Money
    seller: str | None
    since: datetime
    block: int


class LastSale(Document):
    price: Money
    time: datetime
    kind: SaleKind | None
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
    """Up to `limit` punks; continue with `next_cursor` until it is null. All pages show the same generation."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    items: list[PunkEntry]
    next_cursor: str | None


class ContributionGroup(Document):
    """The parts of one group together."""

    group: Annotated[str, Field(examples=["traits"])]
    meaning: Annotated[str, Field(examples=["what the punk is"])]
    eth: float


class ContributionPart(Document):
    """One reason and the ETH it adds."""

    group: Annotated[str, Field(examples=["traits"])]
    name: Annotated[str, Field(examples=["accessory:Hoodie"], description="A trait, or what the group calls it")]
    eth: float


class Contributions(Document):
    """The value, taken apart: `floor_eth` and the ETH of all parts (or of all groups) add up to `value_eth`."""

    floor_eth: Annotated[float, Field(description="Lowest ask of any other punk as of the generation")]
    value_eth: float
    groups: list[ContributionGroup]
    parts: list[ContributionPart]


class ComparableSale(Document):
    """The last valid sale of a punk like this one. Amounts in ETH."""

    punk_id: int
    type: str | None
    time: datetime
    price_eth: float
    floor_eth: Annotated[float, Field(description="The floor when it was sold")]
    at_todays_floor_eth: Annotated[float, Field(description="price / floor then * floor as of the generation")]
    at_todays_index_eth: Annotated[float, Field(description="Price brought to today by the sales index")]
    similarity: Annotated[float, Field(ge=0, le=1, description="1: the same traits, sold just now")]
    shared: Annotated[list[str], Field(description="Traits of both")]
    lacks: Annotated[list[str], Field(description="Traits of this punk that the sold one has not")]
    adds: Annotated[list[str], Field(description="Traits that only the sold one has")]


class Since(Document):
    """The nowcast that the changes are against."""

    generation_id: int
    as_of: datetime
    model_id: str


class Changes(Document):
    """What moved the value since the nowcast before; the parts' ETH add up to after - before."""

    since: Since
    before: Money
    after: Money
    parts: Annotated[
        list[ContributionPart] | None,
        Field(description="Null when the nowcast before was of another model: two models' reasons do not subtract"),
    ]


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
    kind: SaleKind
    seller: str | None
    buyer: str | None
    valid: Annotated[bool, Field(description="Counts for training and scoring")]
    exclusion: Annotated[str | None, Field(description="Why it does not count")]
    tx_hash: str


class OfferPeriod(Document):
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
    asks: Annotated[list[OfferPeriod], Field(description="Public asks")]
    bids: list[OfferPeriod]
    truncated: list[Literal["sales", "asks", "bids"]]


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
    """All that a page needs to show, filter and sort all punks. Under 300 kB compressed."""

    generation: GenerationDocument
    market_as_of: MarketAsOf | None
    count: int
    types: list[str]
    skins: list[str]
    traits: Annotated[list[str], Field(description="Accessories")]
    columns: Columns

"""Scored sales, and the scorecards that are computed from them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money
from services.api.schemas import SaleKind
from shared.market.sale_labels import DEALER_SALES, Channel
from shared.market.tiers import BOUNDS, TIERS

AMOUNTS = ("price", "value", "floor", "last_sale")
Horizon = Literal["latest", "24h", "7d"]
HORIZONS: tuple[Horizon, ...] = ("latest", "24h", "7d")


class Outcome(Document):
    """A sale and the last value published at least a horizon before it."""

    event_seq: int
    punk_id: int
    type: str | None
    sold_at: datetime
    tx_hash: str
    log_index: int
    kind: SaleKind
    horizon: Horizon
    generation_id: int
    published_at: datetime
    model_id: str
    price: Money
    value: Money
    floor: Annotated[Money, Field(description="Of the same generation")]
    last_sale: Annotated[
        Money | None, Field(description="Baseline: the punk's last valid sale known then, carried by the floor")
    ]
    in50: Annotated[bool, Field(description="The price lies in the 50 % interval")]
    in80: bool
    in90: bool
    valid: Annotated[bool, Field(description="Counts for the scorecard; otherwise `exclusion` says why not")]
    exclusion: str | None
    channel: Annotated[
        Channel | None,
        Field(
            description="directed_ask: only one address could take it. Null, as all labels, for a sale of an older "
            "release until the ingestor's next step"
        ),
    ]
    pass_through: Annotated[
        bool | None, Field(description="The named buyer passed the punk on in the same transaction")
    ]
    true_buyer: Annotated[str | None, Field(description="Who had the punk at the end of the transaction")]
    dealer: Annotated[
        bool | None,
        Field(
            description=f"Seller or true buyer had bought and sold {DEALER_SALES} punks each, in valid sales of a year"
        ),
    ]
    wrapped: Annotated[bool | None, Field(description="The transaction also wrapped or unwrapped the punk")]


class Card(Document):
    """Errors relative to the sale price, as fractions (0.05 is five percent); null where too little was scored."""

    n: int
    median_ape: Annotated[float | None, Field(description="Median of |value - price| / price")]
    mape: Annotated[float | None, Field(description="Mean of the same")]
    bias: Annotated[float | None, Field(description="Mean of (value - price) / price; above zero: too high")]
    median_bias: float | None
    within_5: Annotated[float | None, Field(description="Share of sales with an error of at most 5 %")]
    within_10: float | None
    cod: Annotated[float | None, Field(description="Coefficient of dispersion, percent (IAAO)")]
    prd: Annotated[float | None, Field(description="Price-related differential (IAAO)")]
    prb: Annotated[float | None, Field(description="Price-related bias (IAAO)")]


class ValueCard(Card):
    """With the share of sale prices inside the published intervals."""

    coverage_50: float | None
    coverage_80: float | None
    coverage_90: float | None


class Comparison(Document):
    """The champion's values, and the baselines on the same sales where a baseline exists."""

    champion: ValueCard
    floor: Annotated[Card, Field(description="Baseline: the floor of the same generation")]
    last_sale: Annotated[
        Card, Field(description="Baseline: the punk's last valid sale known then, carried by the floor; fewer sales")
    ]
    champion_beside_last_sale: Annotated[Card, Field(description="The champion on the sales of `last_sale`")]


class Group(Comparison):
    name: Annotated[str, Field(examples=["premium", "2025-03"])]


class Coverage(Document):
    """Share of sale prices inside an interval, with the 95 % interval of the share (Wilson)."""

    level: Annotated[float, Field(examples=[0.8])]
    n: int
    covered: int
    share: float | None
    lo: float | None
    hi: float | None


class Calibration(Document):
    """Reliability of the intervals over all sales of the horizon (`all`), or of one segment."""

    name: Annotated[str, Field(examples=["all", "premium"])]
    levels: list[Coverage]


class PerformanceDocument(Document):
    """What has been scored so far."""

    computed_at: datetime
    horizon: Annotated[Horizon, Field(description="Horizon of the breakdowns below")]
    exclusions: Annotated[bool, Field(description="False: excluded sales were scored, too")]
    excluded_sales: Annotated[int, Field(description="Sales of the horizon's period that are left out (or were added)")]
    by_horizon: dict[Horizon, Comparison]
    by_segment: Annotated[
        list[Group],
        Field(
            description="By predicted premium, value over floor at publication: "
            + "".join(f"{tier} below {bound}, " for tier, bound in zip(TIERS, BOUNDS, strict=False))
            + f"{TIERS[-1]} above"
        ),
    ]
    by_month: list[Group]
    by_kind: list[Group]
    by_channel: Annotated[
        list[Group], Field(description="As `channel` of an outcome; here and below unlabelled if it is null")
    ]
    by_dealer: Annotated[list[Group], Field(description="dealer, no_dealer")]
    by_pass_through: Annotated[list[Group], Field(description="pass_through, direct")]
    by_type: list[Group]
    by_model: list[Group]
    calibration: list[Calibration]

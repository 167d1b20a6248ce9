"""Shapes of the reference platform's agent endpoints; docs/api-compatibility.md maps them to /v1."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.api.documents import Document
from services.api.schemas import Grade


class PunkBody(BaseModel):
    """What is asked about."""

    model_config = ConfigDict(extra="ignore")

    id_punk: Annotated[int, Field(ge=0, le=9999, examples=[9999])]


class FairPrice(Document):
    """Amounts in ETH."""

    id_punk: int
    fair_price: float
    currency: Literal["ETH"]
    model: str
    generation: int
    as_of: datetime


class PricedInterval(Document):
    low: float
    high: float


class Distribution(Document):
    """Quantiles of the price of a valid sale now, by level; and the log-normal that fits the 80 % interval."""

    quantiles: Annotated[dict[str, float], Field(examples=[{"0.05": 30.0, "0.5": 40.0, "0.95": 52.0}])]
    log_mean: float
    log_sd: float


class FairPricePlus(FairPrice):
    confidence: Grade
    intervals: Annotated[dict[str, PricedInterval], Field(description="By coverage in percent")]
    distribution: Distribution


class TopDeal(Document):
    id_punk: int
    type: str | None
    ask_price: float
    fair_price: float
    discount: float
    probability: float
    expected_profit: float


class TopDeals(Document):
    """Best first. Amounts in ETH."""

    deals: list[TopDeal]
    count: int
    model: str
    generation: int
    as_of: datetime
    market_as_of: datetime | None

"""Answers, as the gateway's API document describes them. Unknown fields of a later version are kept."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Money(Answer):
    """An amount: `wei` is exact, `eth` is a float."""

    wei: int
    eth: float


class Estimate(Answer):
    """A figure with its 90 % interval."""

    value: float | None
    lo: float | None
    hi: float | None


class Card(Answer):
    n: int
    median_ape: float | None
    mape: float | None
    bias: float | None
    within_10: float | None


class ValueCard(Card):
    coverage_50: float | None
    coverage_80: float | None
    coverage_90: float | None


class Comparison(Answer):
    champion: ValueCard
    floor: Card
    last_sale: Card


class Group(Comparison):
    name: str


class Performance(Answer):
    computed_at: datetime
    horizon: str
    by_horizon: dict[str, Comparison]
    by_segment: list[Group]
    by_month: list[Group]
    by_channel: list[Group]
    by_dealer: list[Group]
    by_pass_through: list[Group]


class Outcome(Answer):
    event_seq: int
    punk_id: int
    type: str | None
    sold_at: datetime
    kind: str
    horizon: str
    generation_id: int
    model_id: str
    price: Money
    value: Money
    floor: Money
    last_sale: Money | None
    in50: bool
    in80: bool
    in90: bool
    valid: bool
    exclusion: str | None
    channel: str | None
    pass_through: bool | None
    true_buyer: str | None
    dealer: bool | None
    wrapped: bool | None


class Figures(Answer):
    mark: str
    total_return: Estimate
    annual_return: Estimate
    sharpe: Estimate
    sortino: Estimate
    calmar: Estimate
    max_drawdown: Estimate


class Book(Answer):
    book: str
    description: str
    funding: str
    figures: list[Figures]
    trades: dict[str, Any]


class Backtest(Answer):
    backtest_id: UUID
    computed_at: datetime
    first_day: date
    last_day: date
    sales: int
    books: list[Book]


class Trade(Answer):
    book: str
    trade: int
    punk_id: int
    decided_at: datetime
    value: Money
    bought_at: datetime
    bought_for: Money
    sold_at: datetime | None
    sold_for: Money | None
    costs: Money
    gain: float | None


class LifecycleEvent(Answer):
    id: str
    at: datetime
    kind: str
    summary: str
    model_id: str | None
    decision_id: UUID | None
    actor: str | None


class Model(Answer):
    model_id: str
    state: str
    data_cutoff: datetime
    registered_at: datetime


class TrainingRequest(Answer):
    request_id: UUID
    status: str
    reason: str
    requested_by: str
    requested_at: datetime
    model_id: str | None = None


class Act(Answer):
    decision_id: UUID
    act: str
    model_id: str
    outcome: str
    pointer_generation: int | None


class Webhook(Answer):
    webhook_id: UUID
    url: str
    events: list[str]
    state: str
    failures: int
    next_step: str | None = None
    """What to do until the webhook is active."""
    secret: str | None = None
    """Only in the answer to `create_webhook`."""


class Punk(Answer):
    """A punk with its value; all further fields are in `model_extra`."""

    punk_id: int


class Event(Answer):
    """A server-sent event; pass the last `id` to resume the stream."""

    id: str
    event: str
    data: dict[str, Any]

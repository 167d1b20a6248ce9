"""Backtests: the figures, daily equity and trades of each book."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.money import Money
from services.api.paging import Page
from services.api.schemas import Strict

BookName = Literal["executable", "seed_style", "buy_all", "random_entry", "floor_index"]
Mark = Literal["bid", "floor", "value"]
ExitKind = Literal["buy", "accept_bid"]


class Estimate(Strict):
    """A figure with its 90 % interval (circular block bootstrap of days); null where too little happened to say."""

    value: float | None
    lo: float | None
    hi: float | None


class Figures(Strict):
    """Of daily equity marked one way. Shares are fractions (0.05 is five percent)."""

    mark: Annotated[
        Mark,
        Field(
            description="How open positions are valued: at the punk's standing bid (0 without one), at the lower of "
            "floor and value, or at the published value. With the latter, the model marks its own purchases."
        ),
    ]
    total_return: Estimate
    annual_return: Annotated[Estimate, Field(description="Compound, 365 days a year")]
    volatility: Annotated[Estimate, Field(description="Of daily returns, times the root of 365")]
    sharpe: Annotated[Estimate, Field(description="Mean over deviation of daily returns, times the root of 365")]
    sortino: Annotated[Estimate, Field(description="The same over the downside deviation from zero")]
    calmar: Annotated[Estimate, Field(description="Annual return over maximum drawdown")]
    max_drawdown: Annotated[Estimate, Field(description="Largest fall from a peak, as a share of the peak")]


class TradeFigures(Strict):
    """Of the trades that were closed."""

    opened: int
    closed: int
    open_at_end: int
    hit_rate: Annotated[Estimate, Field(description="Share of closed trades with a gain after all costs")]
    mean_return: Annotated[Estimate, Field(description="Mean gain over cost of closed trades")]
    median_days_held: float | None
    turnover: Annotated[float | None, Field(description="Bought and sold, over twice the mean equity, per year")]
    invested_share: Annotated[float | None, Field(description="Mean share of equity in punks")]
    missed_fills: Annotated[int, Field(description="Asks that were gone when the order arrived")]


class MonthReturn(Strict):
    month: Annotated[str, Field(examples=["2025-03"])]
    bid: float
    floor: float
    value: float


class Book(Strict):
    """One way of trading, or of not trading, over the same days."""

    book: BookName
    description: str
    figures: Annotated[list[Figures], Field(description="One for each mark")]
    trades: TradeFigures
    months: list[MonthReturn]
    funding: Annotated[
        Literal["capital", "per_trade"],
        Field(description="A fixed capital, or each purchase paid in and each sale paid out again"),
    ]
    last_cash: Money
    last_positions_bid: Money
    last_positions_floor: Money
    last_positions_value: Money


class Assumptions(Strict):
    """What the books were played with."""

    margin: Annotated[float, Field(description="An ask is bought when it is at most value x (1 - margin)")]
    latency_nowcasts: Annotated[int, Field(description="Nowcasts between the decision and the order's arrival")]
    buy_gas: Annotated[Money, Field(description="Gas of a purchase")]
    sell_gas: Annotated[Money, Field(description="Gas of a sale")]
    sell_fee: Annotated[float, Field(description="Share of the price that a sale costs; the contract takes none")]
    capital: Money
    largest_position: Annotated[float, Field(description="Largest share of equity in one purchase")]
    seed: int
    block_days: Annotated[int, Field(description="Length of a block of the bootstrap")]
    resamples: int


class Versus(Strict):
    """A strategy minus a passive book, on the same days; the interval resamples both together."""

    book: BookName
    against: BookName
    mark: Mark
    total_return_difference: Annotated[
        Estimate, Field(description="Over the whole stretch; without a value in a backtest from before it was counted")
    ]
    sharpe_difference: Estimate
    annual_return_difference: Estimate


class BacktestDocument(Strict):
    """The strategies against passive books on the platform's record: only values that were published before."""

    backtest_id: str
    computed_at: datetime
    first_day: date
    last_day: date
    generations: Annotated[int, Field(description="Nowcasts that were played")]
    sales: Annotated[int, Field(description="Valid sales with a value published before them")]
    assumptions: Assumptions
    books: list[Book]
    versus: list[Versus]


class BacktestTrade(Strict):
    """One position. `exit` fields are null while it is open at the end."""

    book: BookName
    trade: Annotated[int, Field(description="Number within the book, by time of purchase")]
    punk_id: int
    decided_at: Annotated[datetime, Field(description="As-of of the nowcast that the purchase was decided on")]
    generation_id: int | None
    value: Annotated[Money, Field(description="Published value at the decision")]
    bought_at: datetime
    bought_for: Annotated[Money, Field(description="Price of the ask or the sale, before gas")]
    entry_event: Annotated[str, Field(description="Transaction and log index of the ask or sale", examples=["0x…:12"])]
    sold_at: datetime | None
    sold_for: Money | None
    exit_kind: ExitKind | None
    exit_event: str | None
    costs: Annotated[Money, Field(description="Gas and fees of both sides")]
    gain: Annotated[float | None, Field(description="After all costs, over the price paid; null while open")]
    mark_bid: Annotated[Money | None, Field(description="Standing bid at the end, of an open position")]
    mark_floor: Annotated[Money | None, Field(description="Lower of floor and value at the end")]
    mark_value: Annotated[Money | None, Field(description="Published value at the end")]


class BacktestTradePage(Page[BacktestTrade]):
    backtest_id: str


class EquityPoint(Strict):
    """At the end of a UTC day."""

    day: date
    cash: float
    positions_bid: float
    positions_floor: float
    positions_value: float
    held: Annotated[int, Field(description="Punks held")]
    growth_bid: Annotated[float, Field(description="What one unit has become: chart this")]
    growth_floor: float
    growth_value: float


class EquityCurve(Strict):
    book: BookName
    points: list[EquityPoint]


class EquityDocument(Strict):
    """Daily equity (cash and positions, ETH) and growth of one unit, a curve for each book asked for."""

    backtest_id: str
    curves: list[EquityCurve]

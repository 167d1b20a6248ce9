"""The result of a backtest: every book with its figures, intervals, months, trades and days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import product

import numpy as np

from shared.backtest import figures
from shared.backtest.bootstrap import Estimate, estimate, interval, over_paths, resampled_days
from shared.backtest.ledger import MARKS, DayEnd, Mark, Trade
from shared.backtest.simulation import BookName, BookRun, Simulation
from shared.backtest.terms import Terms
from shared.market.series import Floats, Ints
from shared.units import DAY_S

FIGURES = {
    figure.__name__: figure
    for figure in (
        figures.total_return, figures.annual_return, figures.volatility, figures.sharpe, figures.sortino,
        figures.calmar, figures.max_drawdown,
    )
}  # fmt: skip
STRATEGIES: tuple[BookName, ...] = ("executable", "seed_style")
_UNKNOWN = Estimate(None, None, None)


@dataclass(frozen=True)
class Marked:
    """Figures of a book under one mark of its open positions, and the growth of one unit after each day."""

    mark: Mark
    figures: dict[str, Estimate]
    growth: Sequence[float]


@dataclass(frozen=True)
class TradeFigures:
    opened: int
    closed: int
    hit_rate: Estimate
    mean_return: Estimate
    median_days_held: float | None
    turnover: float | None
    invested_share: float | None
    missed_fills: int


@dataclass(frozen=True)
class Month:
    """Compound return of one month by mark."""

    month: str
    returns: dict[Mark, float]


@dataclass(frozen=True)
class BookResult:
    name: BookName
    marked: Sequence[Marked]
    trade_figures: TradeFigures
    months: Sequence[Month]
    days: Sequence[DayEnd]
    trades: Sequence[Trade]


@dataclass(frozen=True)
class Versus:
    """A strategy minus a passive book on the same resampled days."""

    book: BookName
    against: BookName
    mark: Mark
    total_return_difference: Estimate
    sharpe_difference: Estimate
    annual_return_difference: Estimate


@dataclass(frozen=True)
class BacktestResult:
    """`first_day` and `last_day` are days since 1970."""

    terms: Terms
    first_day: int
    last_day: int
    generations: int
    sales: int
    books: Sequence[BookResult]
    versus: Sequence[Versus]


def result_of(simulation: Simulation) -> BacktestResult | None:
    """The result of the days so far; None while no day has ended."""
    runs = simulation.books()
    days = len(runs[0].days)
    if not days:
        return None
    terms = simulation.terms
    indices = resampled_days(days, block=terms.block_days, resamples=terms.resamples, seed=terms.seed)
    returns = {(book.name, mark): _returns(book, mark, terms) for book in runs for mark in MARKS}
    return BacktestResult(
        terms=terms,
        first_day=runs[0].days[0].day,
        last_day=runs[0].days[-1].day,
        generations=simulation.generations,
        sales=simulation.sales,
        books=[_book(book, returns, indices) for book in runs],
        versus=_versus(runs, returns, indices),
    )


def day_of(number: int) -> date:
    """The date of a number of days since 1970."""
    return datetime.fromtimestamp(number * DAY_S, UTC).date()


def _returns(book: BookRun, mark: Mark, terms: Terms) -> Floats:
    per_trade = book.name in ("seed_style", "buy_all")
    return figures.daily_returns(book.days, mark, start_wei=0 if per_trade else terms.capital_wei)


def _book(book: BookRun, returns: dict[tuple[BookName, Mark], Floats], indices: Ints) -> BookResult:
    marked = [
        Marked(
            mark,
            {name: estimate(figure, returns[book.name, mark], indices) for name, figure in FIGURES.items()},
            figures.growth(returns[book.name, mark][None, :])[0].tolist(),
        )
        for mark in MARKS
    ]
    return BookResult(
        name=book.name,
        marked=marked,
        trade_figures=_trade_figures(book, indices),
        months=_months(book, {mark: returns[book.name, mark] for mark in MARKS}),
        days=book.days,
        trades=book.trades,
    )


def _months(book: BookRun, returns: dict[Mark, Floats]) -> list[Month]:
    days: dict[str, list[int]] = defaultdict(list)
    for index, day in enumerate(book.days):
        days[f"{day_of(day.day):%Y-%m}"].append(index)
    return [
        Month(month, {mark: float(figures.total_return(one[own][None, :])[0]) for mark, one in returns.items()})
        for month, own in days.items()
    ]


def _trade_figures(book: BookRun, indices: Ints) -> TradeFigures:
    closed = [trade for trade in book.trades if trade.exit is not None]
    held = [(trade.exit.at - trade.entry.at) / DAY_S for trade in closed if trade.exit is not None]
    years = len(book.days) / figures.DAYS_A_YEAR
    at_work = np.array([float(day.cash + day.cost) for day in book.days])
    invested = np.array([float(day.cost) for day in book.days])
    traded = float(sum(day.bought + day.sold for day in book.days))
    mean = float(np.mean(at_work))
    at_all = mean > 0 and bool(book.trades)
    return TradeFigures(
        opened=len(book.trades),
        closed=len(closed),
        hit_rate=_of_trades(book, closed, indices, hits=True),
        mean_return=_of_trades(book, closed, indices, hits=False),
        median_days_held=float(np.median(held)) if held else None,
        turnover=traded / 2.0 / mean / years if at_all else None,
        invested_share=float(np.sum(invested) / np.sum(at_work)) if at_all else None,
        missed_fills=book.missed,
    )


def _of_trades(book: BookRun, closed: Sequence[Trade], indices: Ints, *, hits: bool) -> Estimate:
    """Mean over closed trades; the interval resamples the days on which they were closed."""
    if not closed:
        return _UNKNOWN
    first = book.days[0].day
    sums, counts = np.zeros(len(book.days)), np.zeros(len(book.days))
    for trade in closed:
        assert trade.exit is not None and trade.gain_wei is not None
        index = max(0, trade.exit.at // DAY_S - first)
        sums[index] += (trade.gain_wei > 0) if hits else trade.gain_wei / trade.paid_wei
        counts[index] += 1
    value = float(sums.sum() / counts.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled: Floats = sums[indices].sum(axis=1) / counts[indices].sum(axis=1)
    return interval(value, resampled)


def _versus(runs: Sequence[BookRun], returns: dict[tuple[BookName, Mark], Floats], indices: Ints) -> list[Versus]:
    names = [run.name for run in runs]
    pairs = product((name for name in STRATEGIES if name in names), (name for name in names if name not in STRATEGIES))
    measures = figures.total_return, figures.sharpe, figures.annual_return
    return [
        Versus(strategy, passive, mark, *(_difference(figure, pair, indices) for figure in measures))
        for (strategy, passive), mark in product(pairs, MARKS)
        for pair in [(returns[strategy, mark], returns[passive, mark])]
    ]


def _difference(figure: figures.Figure, pair: tuple[Floats, Floats], indices: Ints) -> Estimate:
    ours, theirs = pair
    value = float(figure(ours[None, :])[0] - figure(theirs[None, :])[0])
    if not np.isfinite(value):
        return _UNKNOWN
    return interval(value, over_paths(figure, ours, indices) - over_paths(figure, theirs, indices))

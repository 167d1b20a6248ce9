"""Figures against numbers worked out by hand and against plain Python."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.backtest import figures
from shared.backtest.bootstrap import estimate, interval, resampled_days
from shared.backtest.ledger import DayEnd
from shared.backtest.result import day_of, result_of
from shared.backtest.simulation import Simulation
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError
from shared.units import ETH
from tests.factories.feed import Feed, play, random_days

RETURNS = [0.1, -0.2, 0.05, 0.0, 0.15]


def one(figure: figures.Figure, returns: list[float]) -> float:
    return float(figure(np.array([returns]))[0])


def test_figures_by_hand() -> None:
    growth = 1.1 * 0.8 * 1.05 * 1.0 * 1.15
    assert one(figures.total_return, RETURNS) == pytest.approx(growth - 1)
    assert one(figures.annual_return, RETURNS) == pytest.approx(growth ** (365 / 5) - 1)
    deviation = statistics.stdev(RETURNS)
    assert one(figures.volatility, RETURNS) == pytest.approx(deviation * math.sqrt(365))
    assert one(figures.sharpe, RETURNS) == pytest.approx(0.02 / deviation * math.sqrt(365))
    assert one(figures.sortino, RETURNS) == pytest.approx(0.02 / math.sqrt(0.04 / 5) * math.sqrt(365))
    assert one(figures.max_drawdown, RETURNS) == pytest.approx(0.2)
    assert one(figures.calmar, RETURNS) == pytest.approx((growth ** (365 / 5) - 1) / 0.2)


def test_a_fall_from_the_very_start_is_a_drawdown() -> None:
    assert one(figures.max_drawdown, [-0.3, 0.1]) == pytest.approx(0.3)


def test_what_is_not_defined_is_nan() -> None:
    assert math.isnan(one(figures.sharpe, [0.01, 0.01]))
    assert math.isnan(one(figures.sharpe, [0.01]))
    assert math.isnan(one(figures.sortino, [0.01, 0.02]))
    assert math.isnan(one(figures.calmar, [0.01, 0.02]))
    assert math.isnan(one(figures.annual_return, [0.5, -1.0]))


def end(cash: int, marked: int, paid_in: int = 0, paid_out: int = 0) -> DayEnd:
    return DayEnd(0, cash, (0, 0, marked), 0, 0, paid_in, paid_out, 0, 0)


def test_daily_returns_are_those_of_the_money_at_work() -> None:
    capital = [end(60, 50), end(99, 0)]
    assert figures.daily_returns(capital, "value", start_wei=100).tolist() == pytest.approx([0.1, -0.1])
    # 40 paid in becomes 44; 44 and another 56 become 110, of which 30 leave; nothing is left to work.
    per_trade = [end(0, 44, 40), end(0, 80, 56, 30), end(0, 0, 0, 80), end(0, 0)]
    assert figures.daily_returns(per_trade, "value", start_wei=0).tolist() == pytest.approx([0.1, 0.1, 0.0, 0.0])


@given(st.integers(1, 60), st.integers(1, 90), st.integers(0, 99))
def test_blocks_are_whole_and_go_around_the_end(n: int, block: int, seed: int) -> None:
    days = resampled_days(n, block=block, resamples=5, seed=seed)
    assert days.shape == (5, n)
    for path in days.tolist():
        for start in range(0, n, block):
            run = path[start : start + block]
            assert run == [(run[0] + step) % n for step in range(len(run))]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    draw = np.random.default_rng(5)
    days = resampled_days(250, block=10, resamples=200, seed=1)
    held = 0
    for _ in range(120):
        returns = draw.normal(0.001, 0.02, 250)
        found = estimate(lambda paths: np.mean(paths, axis=-1), returns, days)
        held += found.lo <= 0.001 <= found.hi
    assert 0.80 <= held / 120 <= 0.97


def test_a_figure_that_resamples_seldom_have_gets_no_interval() -> None:
    assert interval(1.0, np.array([1.0] * 80 + [np.nan] * 20)).lo is None
    assert interval(1.0, np.array([1.0] * 95 + [np.nan] * 5)).lo == 1.0


@settings(max_examples=15)
@given(st.integers(0, 500))
def test_the_result_agrees_with_plain_python(seed: int) -> None:
    terms = Terms(capital_wei=500 * ETH, largest_bps=5_000, resamples=30, block_days=3)
    result = result_of(play(random_days(seed), terms))
    books = {book.name: book for book in result.books}
    book = books["executable"]
    equity = [500.0] + [(day.cash + day.positions[2]) / ETH for day in book.days]
    returns = [after / before - 1 for before, after in pairwise(equity)]
    marked = next(one for one in book.marked if one.mark == "value")
    assert marked.figures["total_return"].value == pytest.approx(equity[-1] / 500 - 1)
    if statistics.stdev(returns) > 1e-9:
        sharpe = statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(365)
        assert marked.figures["sharpe"].value == pytest.approx(sharpe)
    assert marked.growth[-1] == pytest.approx(equity[-1] / 500)
    closed = [trade for trade in book.trades if trade.exit]
    if closed:
        hits = sum(trade.gain_wei > 0 for trade in closed if trade.gain_wei is not None)
        assert book.trade_figures.hit_rate.value == pytest.approx(hits / len(closed))
    product = math.prod(1 + month.returns["value"] for month in book.months)
    assert product == pytest.approx(marked.growth[-1])
    assert {(one.book, one.against) for one in result.versus} == {
        (ours, theirs) for ours in ("executable", "seed_style") for theirs in ("buy_all", "random_entry", "floor_index")
    }
    marks = {(book.name, marked.mark): marked for book in result.books for marked in book.marked}
    for versus in result.versus:
        pair = (marks[name, versus.mark] for name in (versus.book, versus.against))
        ours, theirs = (marked.figures["total_return"].value for marked in pair)
        assert versus.total_return_difference.value == pytest.approx(ours - theirs)


def test_nothing_played_has_no_result_and_days_have_dates() -> None:
    assert result_of(Simulation(Terms())) is None
    assert result_of(play(Feed().days(1), Terms())) is None
    assert day_of(20_000).isoformat() == "2024-10-04"


def test_terms_out_of_bounds_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="margin_bps, latency"):
        Terms(margin_bps=10_000, latency=-1)

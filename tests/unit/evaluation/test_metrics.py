import math

import numpy as np
import pytest

from shared.evaluation.metrics import Band, scorecard


def test_ratio_statistics_follow_the_standard() -> None:
    price, value = np.array([10.0, 20.0]), np.array([9.0, 22.0])
    card = scorecard(price, value)
    assert card.cod == pytest.approx(100 * 0.1 / 1.0)
    assert card.prd == pytest.approx(1.0 / (31 / 30))
    assert card.prb == pytest.approx(0.2 / (math.log2(0.5 * 22 + 10) - math.log2(0.5 * 9 + 5)))


def test_a_perfect_valuation_has_perfect_figures() -> None:
    price = np.array([5.0, 50.0, 500.0])
    card = scorecard(price, price)
    assert (card.mape, card.cod, card.prd, card.prb) == (0.0, 0.0, 1.0, 0.0)


def test_coverage_counts_prices_inside_and_width_is_relative_to_the_value() -> None:
    band = Band(0.8, np.array([9.0, 9.0]), np.array([11.0, 12.0]))
    (found,) = scorecard(np.array([10.0, 13.0]), np.array([10.0, 10.0]), (band,)).intervals
    assert (found.coverage, found.width) == (0.5, pytest.approx(0.25))


def test_no_sales_give_no_figures() -> None:
    card = scorecard(np.array([]), np.array([]), (Band(0.8, np.array([]), np.array([])),))
    assert card.n == 0
    assert math.isnan(card.median_ape)
    assert math.isnan(card.intervals[0].coverage)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_prices_and_values_that_are_no_money_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="price"):
        scorecard(np.array([bad]), np.array([1.0]))
    with pytest.raises(ValueError, match="value"):
        scorecard(np.array([1.0]), np.array([bad]))
    with pytest.raises(ValueError, match="2 prices"):
        scorecard(np.array([1.0, 2.0]), np.array([1.0]))

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.units import DAY_S
from shared.valuation.calibration.volatility import volatility as volatility_by
from shared.valuation.params import Params

PARAMS = Params.load().calibration.volatility
DAYS = 120
NOW = float(DAYS * DAY_S)


def volatility(error: np.ndarray, tier: np.ndarray, time: np.ndarray, instant: float) -> tuple[np.ndarray, float]:
    return volatility_by(error, tier, time // DAY_S, int(instant // DAY_S), PARAMS)


def errors(wild_from: int = DAYS, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five sales a day of two tiers, one of which errs four times as much; from a day on twice as much."""
    generator = np.random.default_rng(seed)
    time = np.sort(generator.integers(0, DAYS * DAY_S, 5 * DAYS))
    tier = generator.integers(0, 2, len(time))
    size = np.where(tier == 1, 0.2, 0.05) * np.where(time >= wild_from * DAY_S, 2.0, 1.0)
    return generator.normal(0.0, 1.0, len(time)) * size, tier, time


def test_where_nothing_happens_it_is_usual():
    then, now = volatility(*errors(), NOW)
    assert np.median(then) == pytest.approx(1.0, abs=0.1)
    assert now == pytest.approx(1.0, abs=0.35)


def test_wild_days_differ_from_calm_ones_before_them():
    error, tier, time = errors(wild_from=100)
    then, now = volatility(error, tier, time, NOW)
    assert now > 1.4
    assert now > 1.5 * np.median(then[time < 100 * DAY_S])


def test_what_a_day_brings_is_not_known_to_that_day():
    error, tier, time = errors()
    last_day = time >= (DAYS - 1) * DAY_S
    spoilt = np.where(last_day, -error * 3.0, error)
    then, now = volatility(error, tier, time, NOW)
    other, later = volatility(spoilt, tier, time, NOW)
    # The usual size is that of all, so the days before are scaled as one.
    ratio = other[~last_day] / then[~last_day]
    weight = PARAMS.prior_sales / (PARAMS.prior_sales + 5 * PARAMS.half_life_days)
    assert np.ptp(ratio) < weight
    assert later > now


def test_after_a_pause_it_is_usual_again():
    error, tier, time = errors(wild_from=100)
    _, months_later = volatility(error, tier, time, NOW + 120 * DAY_S)
    assert months_later == pytest.approx(1.0, abs=0.01)


def test_a_tier_that_always_errs_more_is_not_wild_for_that():
    error, tier, time = errors()
    only_rare = np.where(time >= (DAYS - 20) * DAY_S, tier == 1, True)
    _, now = volatility(error[only_rare], tier[only_rare], time[only_rare], NOW)
    assert now == pytest.approx(1.0, abs=0.35)


def test_one_absurd_error_counts_as_a_large_one():
    error, tier, time = errors()
    absurd, huge = error.copy(), error.copy()
    absurd[-1], huge[-1] = 2.0 * PARAMS.largest, 1e9
    assert volatility(absurd, tier, time, NOW)[1] == volatility(huge, tier, time, NOW)[1]


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 60))
def test_it_is_above_zero(seed: int, count: int):
    then, now = volatility(*(part[:count] for part in errors(seed=seed)), NOW)
    assert min(*then, now) > 0.0


@pytest.mark.parametrize("count", [0, 1, 7])
def test_none_and_none_but_zeros_are_usual(count: int):
    then, now = volatility(np.zeros(count), np.zeros(count, dtype=np.int64), np.arange(count), NOW)
    assert then.tolist() == [1.0] * count
    assert now == 1.0


def test_zeros_beside_errors_of_a_tier_do_no_harm():
    error, tier = np.array([0.0, 0.0, 0.0, 0.3, 0.1]), np.array([0, 0, 0, 0, 1])
    then, now = volatility(error, tier, np.arange(5) * DAY_S, 5.0 * DAY_S)
    assert np.isfinite([*then, now]).all()


def test_many_years_between_sales_are_no_harm():
    then, now = volatility(np.array([0.1, 0.4]), np.zeros(2, dtype=np.int64), np.array([0, 60 * 365 * DAY_S]), 1e11)
    assert then[1] == pytest.approx(1.0)
    assert now == pytest.approx(1.0)

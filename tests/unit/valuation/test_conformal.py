import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.valuation.conformal import LEVELS, Calibration, segment_of


def sample(seed, n=4_000):
    generator = np.random.default_rng(seed)
    premium = np.exp(generator.exponential(0.4, n))
    return generator.normal(0, 0.03 + 0.1 * segment_of(premium), n), premium


def test_intervals_cover_new_sales_as_promised_in_every_segment():
    residual, premium = sample(0)
    fresh, fresh_premium = sample(1)
    calibration = Calibration.fit(residual, premium)
    value, price = fresh_premium * 50, fresh_premium * 50 * np.exp(fresh)
    for level, (low, high) in zip(LEVELS, calibration.bounds(value, fresh_premium), strict=True):
        for segment in range(4):
            inside = ((low <= price) & (price <= high))[segment_of(fresh_premium) == segment]
            assert inside.mean() == pytest.approx(level, abs=0.06)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500), st.integers(0, 300))
def test_intervals_are_nested_around_the_value_even_from_few_or_biased_residuals(seed, n):
    residual, premium = sample(seed, max(n, 1))
    calibration = Calibration.fit(residual + 0.2, premium)
    value = np.linspace(1, 500, 50)
    inner_low = inner_high = value
    for low, high in calibration.bounds(value, np.linspace(0.9, 9, 50)):
        assert (low <= inner_low).all()
        assert (high >= inner_high).all()
        inner_low, inner_high = low, high


def test_a_thin_segment_is_wider_than_the_one_it_borrows_from():
    residual, premium = sample(0)
    keep = premium < 1.3
    calibration = Calibration.fit(residual[keep], premium[keep])
    (low_mid, high_mid), (low_rare, high_rare) = (
        [bound[0] for bound in calibration.bounds(np.array([100.0]), np.array([at]))[2]] for at in (1.2, 5.0)
    )
    assert high_rare - low_rare > high_mid - low_mid

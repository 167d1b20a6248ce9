from datetime import UTC, datetime
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.valuation.conformal import (
    HALF_LIFE_DAYS,
    LEVELS,
    MIN_RESIDUALS,
    THIN_WIDENING,
    Calibration,
    Residuals,
    segment_of,
)

DAY = 86_400
AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
NOW = int(AS_OF.timestamp())


def sample(seed, n=4_000, *, spread=1.0, days=180.0):
    """Errors whose size depends on the segment, of the `days` before `AS_OF`, oldest first."""
    generator = np.random.default_rng(seed)
    premium = np.exp(generator.exponential(0.4, n))
    time = (NOW - np.sort(generator.uniform(0, days, n))[::-1] * DAY).astype(np.int64)
    return Residuals(generator.normal(0, (0.03 + 0.1 * segment_of(premium)) * spread, n), premium, time)


def inside(calibration, fresh, level):
    """Which of the fresh errors lie within the interval of a level."""
    value = fresh.premium * 50
    low, high = calibration.bounds(value, fresh.premium)[LEVELS.index(level)]
    price = value * np.exp(fresh.error)
    return (low <= price) & (price <= high)


def test_intervals_cover_new_sales_as_promised_in_every_segment():
    calibration, fresh = Calibration.fit(sample(0), AS_OF), sample(1)
    for level in LEVELS:
        for segment in range(4):
            covered = inside(calibration, fresh, level)[segment_of(fresh.premium) == segment]
            assert covered.mean() == pytest.approx(level, abs=0.06)


@pytest.mark.parametrize(("before", "now"), [(3.0, 1.0), (1.0, 3.0)])
def test_after_a_change_of_the_market_recent_errors_decide_the_width(before, now):
    """Half a year at one volatility, then half a year at another: nearer to the promise than with equal weights, at
    every level."""
    old, recent = sample(0, 4_000, spread=before), sample(2, 2_000, spread=now)
    drifted = Residuals.joined([Residuals(old.error, old.premium, old.time - 180 * DAY), recent])
    all_alike = Residuals(drifted.error, drifted.premium, np.full(len(drifted.error), NOW))
    fresh = sample(1, spread=now)
    for level in LEVELS:
        weighted, plain = (
            inside(Calibration.fit(residuals, AS_OF), fresh, level).mean() for residuals in (drifted, all_alike)
        )
        assert abs(weighted - level) < abs(plain - level)


@pytest.mark.parametrize("spread", [0.6, 2.5])
def test_a_fortnight_of_another_kind_brings_coverage_clearly_nearer_to_the_promise(spread):
    """Half a year of errors, the last two weeks of which are larger or smaller by a factor."""
    usual, recent = sample(0, 1_000), sample(2, 80, spread=spread, days=14.0)
    known = usual.where(usual.time < NOW - 14 * DAY)
    calibration = Calibration.fit(Residuals.joined([known, recent]), AS_OF)
    stale = Calibration.fit(known, AS_OF)
    fresh = sample(1, spread=spread)
    for level in LEVELS[1:]:
        adapted, before = (abs(inside(one, fresh, level).mean() - level) for one in (calibration, stale))
        assert adapted < 0.85 * before


def test_an_error_a_half_life_older_counts_half():
    """Twice as many errors of +1 that are a half-life older balance errors of -1."""
    young = Residuals(np.full(300, -1.0), np.ones(300), np.full(300, NOW))
    then = NOW - int(HALF_LIFE_DAYS * DAY)

    def median_side(old: int) -> tuple[float, float]:
        older = Residuals(np.full(old, 1.0), np.ones(old), np.full(old, then))
        errors = Residuals.joined([young, older])
        low, high = Calibration.fit(errors, AS_OF, foreseen=np.zeros(len(errors))).offsets[0][0]
        return low, high

    assert median_side(100) == (-1.0, -1.0), "a seventh of the weight lies beyond the quartile"
    assert median_side(600) == (-1.0, 1.0)
    assert median_side(2_400) == (1.0, 1.0), "a fifth of the weight does so on the other side"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500), st.integers(0, 300), st.floats(-0.5, 0.5), st.floats(0, 900))
def test_intervals_are_nested_around_the_value_even_from_few_or_biased_residuals(seed, n, bias, days):
    residuals = sample(seed, n, days=days)
    calibration = Calibration.fit(Residuals(residuals.error + bias, residuals.premium, residuals.time), AS_OF)
    value = np.linspace(1, 500, 50)
    inner_low = inner_high = value
    for low, high in calibration.bounds(value, np.linspace(0.9, 9, 50)):
        assert (low <= inner_low).all()
        assert (high >= inner_high).all()
        assert (low >= 0).all()
        inner_low, inner_high = low, high


def test_without_weights_the_quantiles_are_those_of_split_conformal_prediction():
    generator = np.random.default_rng(5)
    error = generator.normal(0, 0.1, 199)
    residuals = Residuals(error, np.ones(199), np.full(199, NOW))
    ordered = np.sort(error)
    for level, offsets in zip(LEVELS, Calibration.fit(residuals, AS_OF).offsets, strict=True):
        # The k-th of n errors with k = ceil((n + 1) * share); 200 makes it whole.
        upper = round(200 * (1 + level) / 2)
        assert offsets[0] == (ordered[199 - upper], ordered[upper - 1])


def test_a_thin_segment_is_wider_than_the_one_it_borrows_from():
    residuals = sample(0)
    keep = residuals.premium < 1.3
    calibration = Calibration.fit(
        Residuals(residuals.error[keep], residuals.premium[keep], residuals.time[keep]), AS_OF
    )
    for level in calibration.offsets:
        _, middle, dear, rare = (high - low for low, high in level)
        assert dear == rare == pytest.approx(THIN_WIDENING * middle)


@pytest.mark.parametrize(("rare", "borrows"), [(MIN_RESIDUALS - 1, True), (MIN_RESIDUALS, False)])
def test_a_segment_borrows_only_while_it_has_too_few_errors_of_its_own(rare, borrows):
    generator = np.random.default_rng(3)
    error = np.concatenate([generator.normal(0, 0.1, 500), np.full(rare, 0.7)])
    premium = np.concatenate([np.full(500, 2.0), np.full(rare, 5.0)])
    low, high = Calibration.fit(Residuals(error, premium, np.full(500 + rare, NOW)), AS_OF).offsets[0][3]
    assert ((low, high) == (0.7, 0.7)) is not borrows
    assert (high < 0.7) is borrows


def test_no_error_at_all_is_no_bound_at_all():
    nothing = Residuals(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    assert Calibration.fit(nothing, AS_OF).offsets[2][1] == (-inf, inf)


def test_errors_since_an_instant_are_those_of_sales_at_or_after_it():
    residuals = Residuals(np.array([0.1, 0.2, 0.3]), np.ones(3), np.array([NOW - 1, NOW, NOW + 1]))
    assert residuals.since(NOW).error.tolist() == [0.2, 0.3]
    assert residuals.since(NOW).time.tolist() == [NOW, NOW + 1]

from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import numpy as np
import pytest

from shared.market.tiers import tier_of
from shared.units import DAY_S
from shared.valuation.calibration import correction
from shared.valuation.calibration.intervals import LEVELS, Calibration
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.params import Params
from tests.factories import small_market

PARAMS = Params.load().calibration
AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
NOW = int(AS_OF.timestamp())


def calibrated(residuals, day_corrections=None):
    return Calibration.fit(residuals, float(NOW), PARAMS, day_corrections)


def sample(seed, n=4_000, *, spread=1.0, days=180.0):
    """Errors whose size depends on the tier, of the `days` before `AS_OF`, oldest first."""
    generator = np.random.default_rng(seed)
    premium = np.exp(generator.exponential(0.4, n))
    time = (NOW - np.sort(generator.uniform(0, days, n))[::-1] * DAY_S).astype(np.int64)
    return Residuals(generator.normal(0, (0.03 + 0.1 * tier_of(premium)) * spread, n), premium, time)


def inside(calibration, fresh, level):
    """Which of the fresh errors lie within the interval of a level."""
    value = fresh.premium * 50
    low, high = calibration.bounds(value, fresh.premium)[LEVELS.index(level)]
    price = value * np.exp(fresh.error)
    return (low <= price) & (price <= high)


def test_intervals_cover_new_sales_as_promised_in_every_tier():
    calibration, fresh = calibrated(sample(0)), sample(1)
    for level in LEVELS:
        for tier in range(4):
            covered = inside(calibration, fresh, level)[tier_of(fresh.premium) == tier]
            assert covered.mean() == pytest.approx(level, abs=0.06)


@pytest.mark.parametrize(("before", "now"), [(3.0, 1.0), (1.0, 3.0)])
def test_after_a_change_of_the_market_recent_errors_decide_the_width(before, now):
    """Half a year at one volatility, then half a year at another: nearer to the promise than with equal weights, at
    every level."""
    old, recent = sample(0, 4_000, spread=before), sample(2, 2_000, spread=now)
    drifted = Residuals.joined([Residuals(old.error, old.premium, old.time - 180 * DAY_S), recent])
    all_alike = Residuals(drifted.error, drifted.premium, np.full(len(drifted.error), NOW))
    fresh = sample(1, spread=now)
    for level in LEVELS:
        weighted, plain = (inside(calibrated(residuals), fresh, level).mean() for residuals in (drifted, all_alike))
        assert abs(weighted - level) < abs(plain - level)


@pytest.mark.parametrize("spread", [0.6, 2.5])
def test_a_fortnight_of_another_kind_brings_coverage_clearly_nearer_to_the_promise(spread):
    """Half a year of errors, the last two weeks of which are larger or smaller by a factor."""
    usual, recent = sample(0, 1_000), sample(2, 80, spread=spread, days=14.0)
    known, fresh = usual.where(usual.time < NOW - 14 * DAY_S), sample(1, spread=spread)
    calibration, stale = calibrated(Residuals.joined([known, recent])), calibrated(known)
    for level in LEVELS[1:]:
        adapted, before = (abs(inside(one, fresh, level).mean() - level) for one in (calibration, stale))
        assert adapted < 0.85 * before


def test_an_error_a_half_life_older_counts_half():
    """Twice as many errors of +1 that are a half-life older balance errors of -1."""
    young = Residuals(np.full(300, -1.0), np.ones(300), np.full(300, NOW))
    then = NOW - int(PARAMS.intervals.half_life_days * DAY_S)

    def median_side(old: int) -> tuple[float, ...]:
        older = Residuals(np.full(old, 1.0), np.ones(old), np.full(old, then))
        errors = Residuals.joined([young, older])
        return tuple(calibrated(errors, np.zeros(len(errors))).offsets[0][0])

    assert median_side(100) == (-1.0, -1.0), "a seventh of the weight lies beyond the quartile"
    assert median_side(600) == (-1.0, 1.0)
    assert median_side(2_400) == (1.0, 1.0), "a fifth of the weight does so on the other side"


def test_without_weights_the_quantiles_are_those_of_split_conformal_prediction():
    generator = np.random.default_rng(5)
    error = generator.normal(0, 0.1, 199)
    residuals = Residuals(error, np.ones(199), np.full(199, NOW))
    ordered = np.sort(error)
    for level, offsets in zip(LEVELS, calibrated(residuals).offsets, strict=True):
        # The k-th of n errors with k = ceil((n + 1) * share); 200 makes it whole.
        upper = round(200 * (1 + level) / 2)
        assert offsets[0].tolist() == [ordered[199 - upper], ordered[upper - 1]]


def test_a_thin_tier_is_wider_than_the_one_it_borrows_from():
    residuals = sample(0)
    calibration = calibrated(residuals.where(residuals.premium < 1.3))
    for level in calibration.offsets:
        _, middle, dear, rare = (high - low for low, high in level)
        assert dear == rare == pytest.approx(PARAMS.intervals.borrowed_widening * middle)


@pytest.mark.parametrize(("rare", "borrows"), [(PARAMS.min_errors - 1, True), (PARAMS.min_errors, False)])
def test_a_tier_borrows_only_while_it_has_too_few_errors_of_its_own(rare, borrows):
    generator = np.random.default_rng(3)
    error = np.concatenate([generator.normal(0, 0.1, 500), np.full(rare, 0.7)])
    premium = np.concatenate([np.full(500, 2.0), np.full(rare, 5.0)])
    low, high = calibrated(Residuals(error, premium, np.full(500 + rare, NOW))).offsets[0][3]
    assert ((low, high) == (0.7, 0.7)) != borrows
    assert (high < 0.7) == borrows


def test_no_error_at_all_is_no_bound_at_all():
    nothing = Residuals(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    assert calibrated(nothing).offsets[2][1].tolist() == [-inf, inf]


def test_without_corrections_of_each_day_they_are_made_from_the_errors():
    residuals = sample(4, 500)
    made = calibrated(residuals, correction.day_corrections(residuals, PARAMS.correction))
    assert same(made, calibrated(residuals))
    assert not same(made, calibrated(residuals, np.zeros(500)))


def same(one, other):
    return one.offsets.tolist() == other.offsets.tolist() and one.shifts.tolist() == other.shifts.tolist()


def recorded(offsets, shifts):
    """By a model with these parameters."""
    return replace(small_market.model(), calibration_params=PARAMS).recorded(offsets, shifts)


def test_a_calibration_on_record_is_the_one_that_was_made():
    made = calibrated(sample(0))
    assert made.offsets.shape == (len(LEVELS), len(PARAMS.intervals.bounds) + 1, 2)
    again = recorded(made.offsets.tolist(), made.shifts.tolist())
    assert same(again, made)
    premium = np.linspace(0.9, 4, 50)
    assert again.correction_of(premium).tobytes() == made.correction_of(premium).tobytes()


def test_what_was_recorded_in_part_or_by_other_knots_is_no_calibration():
    made = calibrated(sample(0))
    offsets, shifts = made.offsets.tolist(), made.shifts.tolist()
    assert recorded(None, shifts) is None
    assert recorded(offsets, None) is None
    assert recorded(offsets, shifts[1:]) is None

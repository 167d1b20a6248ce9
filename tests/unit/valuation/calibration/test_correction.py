from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.units import DAY_S
from shared.valuation.calibration import correction
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.params import Params

PARAMS = Params.load().calibration.correction
AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
NOW = int(AS_OF.timestamp())
ANY = np.array([0.7, 1.0, 1.02, 1.09, 1.3, 2.4, 30.0])


class Corrected:
    """The correction as of an instant."""

    def __init__(self, errors: Residuals, as_of: datetime) -> None:
        (self.shifts,) = correction.shifts_at(errors, np.array([as_of.timestamp()]), PARAMS)

    def of(self, premium: np.ndarray) -> np.ndarray:
        return correction.correction_of(premium, self.shifts, PARAMS)


def day_corrections(errors: Residuals) -> np.ndarray:
    return correction.day_corrections(errors, PARAMS)


def sold(error: np.ndarray, *, premium: float | np.ndarray = 1.0, days: float | np.ndarray = 1.0) -> Residuals:
    """Errors on sales so many days before `AS_OF`."""
    count = len(error)
    return Residuals(error, np.full(count, 1.0) * premium, (NOW - np.full(count, 1.0) * days * DAY_S).astype(np.int64))


def sample(seed: int, count: int, *, bias: float = 0.0) -> Residuals:
    generator = np.random.default_rng(seed)
    return sold(
        generator.normal(bias, 0.06, count),
        premium=np.exp(generator.exponential(0.3, count)),
        days=generator.uniform(0, 170, count),
    )


def test_without_sales_nothing_is_corrected() -> None:
    nothing = sold(np.empty(0))
    assert Corrected(nothing, AS_OF).shifts.tolist() == [0.0] * len(PARAMS.knots)
    assert len(day_corrections(nothing)) == 0
    for days, why in ((-1.0, "not yet sold"), (0.0, "sold just then")):
        assert not Corrected(sold(np.full(50, 0.1), days=days), AS_OF).shifts.any(), why


@pytest.mark.parametrize("error", [0.04, -0.03, 0.9, -2.0])
def test_many_sales_alike_move_a_value_by_their_error_up_to_the_largest(error: float) -> None:
    shift = Corrected(sold(np.full(5_000, error), premium=np.repeat(PARAMS.knots[:5], 1_000)), AS_OF).of(ANY[:4])
    assert shift == pytest.approx(np.clip(error, -PARAMS.largest, PARAMS.largest), rel=0.05)


def test_as_many_sales_as_the_prior_move_it_by_half() -> None:
    count = int(PARAMS.prior_sales)
    fresh = sold(np.full(count, 0.04), days=1e-3)
    assert Corrected(fresh, AS_OF).of(np.array([1.0])) == pytest.approx(0.02, rel=1e-3)
    older = sold(np.full(2 * count, 0.04), days=PARAMS.half_life_days)
    assert Corrected(older, AS_OF).of(np.array([1.0])) == pytest.approx(0.02, rel=1e-3)


def test_sales_of_dear_punks_say_little_of_the_floor() -> None:
    dear = sold(np.full(2_000, 0.08), premium=2.0)
    shift = Corrected(dear, AS_OF)
    assert shift.of(np.array([2.0])) > 0.07
    assert abs(shift.of(np.array([1.0]))) < 1e-6
    assert shift.of(np.array([3.0, 50.0]))[0] == shift.of(np.array([3.0, 50.0]))[1], "constant beyond the last knot"


def test_one_absurd_sale_moves_little() -> None:
    calm = sample(3, 300)
    wild = Residuals.joined([calm, sold(np.array([5.0]), days=0.5)])
    assert Corrected(wild, AS_OF).of(ANY) == pytest.approx(Corrected(calm, AS_OF).of(ANY), abs=0.01)


@settings(max_examples=40)
@given(st.integers(0, 99), st.integers(0, 400), st.floats(-0.4, 0.4))
def test_no_correction_is_larger_than_the_largest_error(seed: int, count: int, bias: float) -> None:
    assert np.abs(Corrected(sample(seed, count, bias=bias), AS_OF).of(ANY)).max() <= PARAMS.largest


@settings(max_examples=40)
@given(st.integers(0, 99), st.integers(1, 300), st.floats(-0.4, 0.4))
def test_day_corrections_are_those_of_the_day_and_know_no_later_sale(seed: int, count: int, bias: float) -> None:
    errors = sample(seed, count, bias=bias)
    said = day_corrections(errors)
    for place in (0, count // 2, count - 1):
        begin = datetime.fromtimestamp(int(errors.time[place]) // DAY_S * DAY_S, UTC)
        then = Corrected(errors.where(errors.time < begin.timestamp()), begin)
        assert said[place] == then.of(errors.premium[place : place + 1])[0]
    middle = (AS_OF - timedelta(days=80)).timestamp() // DAY_S * DAY_S
    later = replace(errors, error=np.where(errors.time >= middle, 7.0, errors.error))
    early = errors.time < middle + DAY_S
    assert day_corrections(later)[early].tolist() == said[early].tolist()


def test_a_drift_is_followed_and_errors_after_it_are_smaller() -> None:
    """Prices drift four percent away from the values within two months, and stay there."""
    generator = np.random.default_rng(8)
    days = np.sort(generator.uniform(0, 150, 900))[::-1]
    drift = 0.04 * np.clip((150 - days) / 60, 0, 1)
    errors = sold(generator.normal(drift, 0.03), premium=1.02, days=days)
    late = days < 80
    left = errors.error - day_corrections(errors)
    assert abs(np.median(left[late])) < 0.015 < 0.03 < np.median(errors.error[late])
    assert np.abs(left[late]).mean() < 0.8 * np.abs(errors.error[late]).mean()

import tracemalloc
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.evaluation.blast_radius import blast_radius
from shared.evaluation.paired import DayBootstrap, effective_sales, non_inferiority, student_t, wilson

BOOTSTRAP = DayBootstrap(draws=1000, confidence=0.95, seed=7)
compared = partial(non_inferiority, margin=0.0025, bootstrap=BOOTSTRAP)


def sales(seed: int, n: int = 240, days: int = 30) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.lognormal(3, 0.4, n), generator.integers(0, days, n)


def test_the_same_model_is_not_worse_than_itself() -> None:
    price, day = sales(1)
    value = price * np.random.default_rng(2).lognormal(0, 0.07, len(price))
    found = compared(price, value, value, day)
    assert (found.outcome, found.difference.value) == ("not_worse", 0.0)


def test_a_model_with_more_noise_is_found_worse() -> None:
    price, day = sales(3)
    noise = np.random.default_rng(4).normal(0, 0.06, len(price))
    found = compared(price, price * np.exp(1.3 * noise), price * np.exp(noise), day)
    assert found.outcome == "worse"
    assert found.difference.lo > 0


def test_two_unrelated_models_of_equal_skill_are_inconclusive() -> None:
    price, day = sales(5)
    generator = np.random.default_rng(6)
    one, other = (price * np.exp(generator.normal(0, 0.08, len(price))) for _ in range(2))
    assert compared(price, one, other, day, margin=0.0005).outcome == "inconclusive"


def test_bounds_are_the_same_for_the_same_sales() -> None:
    values, day = sales(8)
    assert BOOTSTRAP.mean(values, day) == BOOTSTRAP.mean(values, day)
    assert BOOTSTRAP.mean(values, day) != DayBootstrap(1000, 0.95, 8).mean(values, day)


def test_sales_that_repeat_within_a_day_do_not_narrow_the_bounds() -> None:
    """A day's ten identical sales are one piece of news, not ten."""
    daily = np.random.default_rng(9).normal(0, 1, 40)
    day = np.arange(40)
    once = BOOTSTRAP.mean(daily, day)
    tenfold = BOOTSTRAP.mean(np.repeat(daily, 10), np.repeat(day, 10))
    assert tenfold.hi - tenfold.lo == pytest.approx(once.hi - once.lo)


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 6)), min_size=1, max_size=40))
def test_estimates_are_plain_statistics_between_their_bounds(rows: list[tuple[float, int]]) -> None:
    values, day = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    mean, median = BOOTSTRAP.mean(values, day), BOOTSTRAP.median(values, day)
    assert mean.value == pytest.approx(values.mean())
    assert median.value == pytest.approx(np.median(values))
    for one in (mean, median):
        assert one.lo <= one.value + 1e-12
        assert one.value <= one.hi + 1e-12


def test_one_day_alone_bounds_nothing() -> None:
    """It may have been an odd day."""
    values, day = np.array([4.0, 1.0, 3.0, 2.0]), np.zeros(4, dtype=np.int64)
    for found in (BOOTSTRAP.mean(values, day), BOOTSTRAP.median(values, day)):
        assert (found.value, found.lo, found.hi) == (2.5, -np.inf, np.inf)


def test_the_drawn_median_is_the_median_of_what_was_drawn() -> None:
    """Every day has the same sales, so every draw has their median."""
    found = BOOTSTRAP.median(np.tile([4.0, 1.0, 3.0, 2.0], 6), np.repeat(np.arange(6), 4))
    assert (found.lo, found.hi) == (2.5, 2.5)


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.1318), (9, 1.8331), (29, 1.6991), (200, 1.6525)])
def test_students_t_matches_the_printed_table(freedom: int, quantile: float) -> None:
    assert student_t(0.95, freedom) == pytest.approx(quantile, abs=5e-4)


def test_sales_that_share_a_day_are_worth_fewer() -> None:
    day = np.repeat(np.arange(40), 6)
    by_day = (day % 5 > 0).astype(np.float64)
    scattered = (np.arange(240) % 5 > 0).astype(np.float64)
    assert effective_sales(by_day, day) == pytest.approx(40, rel=0.05)
    assert effective_sales(scattered, day) == 240
    assert effective_sales(np.ones(240), np.zeros(240)) == 1


RUNS = 1_000
SHAPES = {
    "heavy tails": lambda g, day: g.standard_t(3, len(day)) * 0.012 + common(g, day),
    "skewed to the better": lambda g, day: 0.01 * (np.exp(0.5) - g.lognormal(0, 1, len(day))) + common(g, day),
    "skewed to the worse": lambda g, day: 0.01 * (g.lognormal(0, 1, len(day)) - np.exp(0.5)) + common(g, day),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_at_the_margin_a_gate_passes_one_in_twenty(shape: str) -> None:
    """Hold-outs of 240 sales on 30 uneven days whose true mean is the margin: 5 % pass, within two standard errors.

    Percentiles of the drawn means, which the bounds were before, pass more on every shape.
    """
    generator = np.random.default_rng(11)
    bootstrap, passed, before = DayBootstrap(draws=400, confidence=0.95, seed=7), 0, 0
    for _ in range(RUNS):
        day = np.sort(generator.choice(30, 240, p=generator.dirichlet(np.full(30, 3.0))))
        difference = SHAPES[shape](generator, day)
        passed += bootstrap.mean(difference, day).hi <= 0
        before += percentile(bootstrap, difference, day) <= 0
    assert passed / RUNS <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / RUNS)
    assert passed / RUNS >= 0.02, "a gate that passes nothing keeps its promise, too"
    assert passed < before


def common(generator: np.random.Generator, day: np.ndarray) -> np.ndarray:
    """What the sales of a day share."""
    return generator.normal(0, 0.006, 30)[day]


def percentile(bootstrap: DayBootstrap, values: np.ndarray, day: np.ndarray) -> float:
    """The upper bound that a plain percentile bootstrap gives."""
    _, place = np.unique(day, return_inverse=True)
    sums, counts = np.bincount(place, weights=values), np.bincount(place)
    weights = drawn(len(sums), bootstrap.draws)
    return float(np.quantile((weights @ sums) / (weights @ counts), bootstrap.confidence))


@cache
def drawn(days: int, draws: int) -> np.ndarray:
    return np.random.default_rng(5).multinomial(days, np.full(days, 1 / days), size=draws).astype(float)


def test_no_sales_give_an_estimate_of_nothing() -> None:
    for found in (BOOTSTRAP.mean(np.array([]), np.array([])), BOOTSTRAP.median(np.array([]), np.array([]))):
        assert found.n == 0
        assert np.isnan(found.hi)


def test_wilson_matches_a_published_example() -> None:
    """Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662 at 95 % two-sided."""
    lo, hi = wilson(81, 263, z=1.959964)
    assert (round(lo, 4), round(hi, 4)) == (0.2553, 0.3662)
    assert wilson(0, 0, z=1.96) == (0.0, 1.0)


def test_the_blast_radius_measures_both_size_and_direction() -> None:
    champion = np.full(1000, 10.0)
    contender = champion * np.exp(np.where(np.arange(1000) < 20, 0.5, 0.01))
    found = blast_radius(contender, champion)
    assert found.n == 1000
    assert found.mean == pytest.approx(0.02 * 0.5 + 0.98 * 0.01)
    assert found.p99 == pytest.approx(0.5)
    assert found.median_signed == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("contender", "champion"),
    [([], []), ([1.0], [1.0, 2.0]), ([np.nan], [1.0]), ([0.0], [1.0]), ([1.0], [np.inf])],
)
def test_what_cannot_be_compared_is_refused(contender: list[float], champion: list[float]) -> None:
    with pytest.raises(ValueError, match=r"compared|positive"):
        blast_radius(np.array(contender), np.array(champion))


def test_a_hold_out_of_years_is_judged_within_bounded_memory() -> None:
    """Whoever may request a training may ask for a cut-off years ago."""
    values, day = sales(12, n=20_000, days=1_500)
    tracemalloc.start()
    estimate = BOOTSTRAP.median_difference(values, values * 1.01, day)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert estimate.hi < 0
    assert peak < 150 << 20

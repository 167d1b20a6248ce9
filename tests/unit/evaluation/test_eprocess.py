import math
from collections.abc import Iterable
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.evaluation.eprocess import EState, Step, advance, advance_level, start, step_of
from shared.evaluation.policy import load_policy

RULES = load_policy().sequential


def reference_e(steps: list[tuple[float, float]], margin: float, sign: float) -> float:
    """E_n = mean over g of the product of 1 + g min(1/R, 1/(r + |m|)) * (+-)(d - m), written straight down."""
    total = 0.0
    for k in range(12):
        g = 0.02 * (0.8 / 0.02) ** (k / 11)
        product = 1.0
        for d, r in steps:
            reach = r + abs(margin)
            scale = 1 / 0.04 if reach <= 0.04 else 1 / reach
            product *= 1 + g * scale * sign * (d - margin)
        total += product
    return total / 12


sales = st.lists(
    st.floats(0.0005, 0.3).flatmap(lambda r: st.tuples(st.floats(-1, 1).map(lambda u: u * r), st.just(r))),
    max_size=40,
)


def states(steps: Iterable[tuple[float, float]], margin: float) -> list[EState]:
    """The state before the first step and after each."""

    def following(state: EState, step: tuple[float, float]) -> EState:
        return advance(state, Step(*step), margin=margin, rules=RULES)

    return list(accumulate(steps, following, initial=start(RULES)))


def run(steps: list[tuple[float, float]], margin: float) -> EState:
    return states(steps, margin)[-1]


def clipped(seed: int, mean: float, deviation: float, bound: float, count: int) -> list[tuple[float, float]]:
    """Steps whose differences are normal within the bound."""
    drawn = np.random.default_rng(seed).normal(mean, deviation, count)
    return [(d, bound) for d in np.clip(drawn, -bound, bound).tolist()]


@given(sales, st.sampled_from([0.0, 0.0025, 0.005]))
def test_it_agrees_with_the_formula(steps: list[tuple[float, float]], margin: float) -> None:
    state = run(steps, margin)
    assert state.n == len(steps)
    assert state.e_worse == pytest.approx(reference_e(steps, margin, 1.0), rel=1e-12, abs=1e-12)
    assert state.e_better == pytest.approx(reference_e(steps, margin, -1.0), rel=1e-12, abs=1e-12)


@given(sales)
def test_wealth_never_becomes_negative_or_infinite(steps: list[tuple[float, float]]) -> None:
    state = run(steps, 0.005)
    assert all(w > 0 and math.isfinite(w) for w in (*state.worse, *state.better))


def test_a_never_ending_run_of_evidence_does_not_overflow() -> None:
    state = run([(0.04, 0.04)] * 5_000, 0.0)
    assert math.isfinite(state.e_worse)


@given(st.floats(0.001, 0.5), st.sampled_from([0.0, 0.005]))
def test_the_expected_wealth_of_a_fair_bet_does_not_grow(bound: float, margin: float) -> None:
    """Under d = margin +- spread with equal odds, the mean of the two next wealths is the wealth now."""
    spread = max(0.0, bound - margin)
    up = advance(start(RULES), Step(margin + spread, bound + margin), margin=margin, rules=RULES)
    down = advance(start(RULES), Step(margin - spread, bound + margin), margin=margin, rules=RULES)
    assert (up.e_worse + down.e_worse) / 2 <= 1 + 1e-12
    assert (up.e_better + down.e_better) / 2 <= 1 + 1e-12


def test_equal_models_rarely_reach_the_threshold_however_often_one_looks() -> None:
    generator = np.random.default_rng(1)
    runs, crossed = 300, 0
    for _ in range(runs):
        bounds = np.abs(generator.normal(0, 0.03, 150)) + 1e-4
        differences = bounds * generator.uniform(-1, 1, 150)
        steps = zip(differences.tolist(), bounds.tolist(), strict=True)
        crossed += any(state.e_worse >= 20 for state in states(steps, 0.0))
    # At most 5 % by Ville's inequality; 300 runs may exceed that by chance up to about 8.5 %.
    assert crossed / runs <= 0.085


def test_a_clearly_worse_model_is_found_within_a_hundred_sales() -> None:
    assert any(state.e_worse >= 20 for state in states(clipped(2, 0.02, 0.03, 0.06, count=99), 0.0))


def test_an_equal_model_is_shown_to_be_no_worse_than_the_margin() -> None:
    state = run(clipped(3, 0.0, 0.01, 0.03, count=200), 0.005)
    assert state.e_better >= 20
    assert state.e_worse < 1


def test_sales_of_one_transaction_are_one_step_with_their_mean() -> None:
    assert step_of([0.02, -0.04], [0.05, 0.07]) == Step(pytest.approx(-0.01), pytest.approx(0.06))


@pytest.mark.parametrize(
    ("differences", "bounds"), [([], []), ([0.1], []), ([0.1], [0.05]), ([math.nan], [1.0]), ([0.1], [math.inf])]
)
def test_a_step_that_no_pair_of_models_can_produce_is_refused(differences: list[float], bounds: list[float]) -> None:
    with pytest.raises(ValueError, match="bound"):
        step_of(differences, bounds)


def test_models_that_agree_leave_the_wealth_alone() -> None:
    assert run([(0.0, 0.0)] * 10, 0.0).worse == start(RULES).worse


def test_a_stored_state_goes_on_exactly_where_it_was() -> None:
    steps = [(0.01, 0.02), (-0.03, 0.05), (0.002, 0.01)]
    restored = EState(**run(steps[:2], 0.0).__dict__)
    assert advance(restored, Step(*steps[2]), margin=0.0, rules=RULES) == run(steps, 0.0)


@settings(max_examples=50)
@given(st.floats(0.01, 0.4))
def test_losses_at_their_level_are_no_evidence(level: float) -> None:
    low = advance_level(start(RULES), 0.0, level=level, cap=0.5, rules=RULES).e_worse
    high = advance_level(start(RULES), min(2 * level, 0.5), level=level, cap=0.5, rules=RULES).e_worse
    assert (low + high) / 2 <= 1 + 1e-12
    assert low > 0


def test_doubled_losses_raise_the_alarm_and_one_freak_sale_does_not() -> None:
    freak = advance_level(start(RULES), 50.0, level=0.06, cap=0.5, rules=RULES)
    assert freak.e_worse < 20
    state, generator = start(RULES), np.random.default_rng(4)
    for _ in range(100):
        state = advance_level(state, float(generator.exponential(0.12)), level=0.06, cap=0.5, rules=RULES)
    assert state.e_worse > 20
    assert state.better == start(RULES).better


@pytest.mark.parametrize(("loss", "level"), [(-0.1, 0.1), (math.nan, 0.1), (0.1, 0.0), (0.1, 0.6)])
def test_impossible_losses_and_levels_are_refused(loss: float, level: float) -> None:
    with pytest.raises(ValueError, match=r"loss|level"):
        advance_level(start(RULES), loss, level=level, cap=0.5, rules=RULES)

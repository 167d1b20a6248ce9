import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.valuation.learners.linear import LinearForecast
from shared.valuation.params import Params
from tests.factories.file_parts import array, read, written

PARAMS = Params.load().linear
SLOPES = np.array([0.8, -0.3, 0.0, 0.0])


def sales(seed: int = 3, count: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (the third without use, the fourth never known), ln(price / floor) on a line, weights."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(0.0, 1.0, (count, 4)).astype(np.float32)
    target = 0.1 + inputs.astype(np.float64) @ SLOPES + generator.normal(0.0, 0.01, count)
    inputs[:, 3] = np.nan
    return inputs, target, generator.uniform(0.5, 1.0, count)


def fit(*known: np.ndarray) -> LinearForecast:
    return LinearForecast.fit(*(known or sales()), PARAMS)


def test_it_finds_the_line_although_every_tenth_price_is_absurd():
    inputs, target, weight = sales()
    target[::10] += 3.0
    fitted = fit(inputs, target, weight)
    assert fitted.slope == pytest.approx(SLOPES, abs=0.05)
    assert fitted.slope[3] == 0.0
    usual = np.arange(len(target)) % 10 != 0
    assert np.median(np.abs(fitted.predict(fitted.scaling.scaled(inputs)) - target)[usual]) < 0.06


def test_the_slope_of_a_flag_is_drawn_to_zero_the_more_the_rarer_it_is():
    generator = np.random.default_rng(8)
    held = np.zeros((2_000, 3), dtype=np.float32)
    for place, share in enumerate((0.4, 0.02, 0.005)):
        held[: int(share * len(held)), place] = 1.0
        generator.shuffle(held[:, place])
    target = 0.3 * held.sum(axis=1) + generator.normal(0.0, 0.01, len(held))
    often, seldom, rarely = fit(held, target, np.ones(len(held))).slope
    assert often == pytest.approx(0.3, abs=0.01)
    assert 0.02 < rarely < seldom - 0.02 < often - 0.04


def test_contributions_with_the_constant_at_the_end_add_up():
    fitted = fit()
    scaled = fitted.scaling.scaled(sales()[0])
    line = fitted.predict(scaled)
    assert (line < PARAMS.least).any() and (line > PARAMS.least).any()
    for start, begun in (("zero", 0.0 * line), ("linear", line), ("floored", np.maximum(line, PARAMS.least))):
        parts = fitted.contributions(scaled, start)
        assert parts.shape == (len(scaled), 5)
        assert np.ptp(parts[:, -1]) == 0.0, "the constant is one"
        assert parts.sum(axis=1) == pytest.approx(begun) == fitted.started(line, start)


def test_a_file_of_an_earlier_release_has_no_least():
    fitted = fit()
    earlier = {name: value for name, value in written(fitted).items() if name != "least"}
    assert read(LinearForecast, earlier).predict(np.zeros((1, 4), dtype=np.float32)) == [fitted.constant]


@settings(max_examples=20)
@given(st.integers(0, 1_000), st.integers(0, 1_000))
def test_the_order_of_the_sales_does_not_matter(seed: int, order: int):
    known = sales(seed, 200)
    shuffled = np.random.default_rng(order).permutation(200)
    one, other = fit(*known), fit(*(part[shuffled] for part in known))
    assert [one.constant, *one.slope] == pytest.approx([other.constant, *other.slope], abs=1e-6)


def test_a_forecast_is_the_same_alone_and_among_many():
    fitted = fit()
    scaled = fitted.scaling.scaled(sales()[0])
    alone = [fitted.predict(scaled[row : row + 1])[0] for row in range(len(scaled))]
    assert alone == fitted.predict(scaled).tolist()


def test_it_carries_on_beyond_what_trees_could_know_up_to_what_was_seen():
    fitted = fit()
    dear = np.array([[2.0, -2.0, 0.0, 0.0]], dtype=np.float32)
    assert fitted.predict(fitted.scaling.scaled(dear))[0] == pytest.approx(0.1 + dear[0] @ SLOPES, abs=0.05)
    most, beyond = (np.array([[number, 0.0, 0.0, 0.0]], dtype=np.float32) for number in (sales()[0][:, 0].max(), 1e6))
    assert fitted.predict(fitted.scaling.scaled(most)) == fitted.predict(fitted.scaling.scaled(beyond))


def test_a_damaged_file_is_refused():
    document = written(fit())
    for damage in ({"constant": float("nan")}, {"slope": array(np.full(4, np.inf), "<f8")}):
        with pytest.raises(ValueError, match="finite"):
            read(LinearForecast, document | damage)
    with pytest.raises(ValueError):
        read(LinearForecast, {"constant": 0.0})

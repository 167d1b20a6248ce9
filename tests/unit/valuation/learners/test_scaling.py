import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shared.valuation.learners.scaling import Scaling
from tests.factories.file_parts import array, read, written


def features(count: int = 2_000) -> np.ndarray:
    """A number, a flag that few have, one that never moves, one that is never known."""
    generator = np.random.default_rng(2)
    inputs = np.full((count, 4), np.nan, dtype=np.float32)
    inputs[:, 0] = generator.normal(5.0, 3.0, count)
    inputs[:, 1] = generator.random(count) < 0.01
    inputs[:, 2] = 7.0
    return inputs


def fitted() -> Scaling:
    return Scaling.fit(features(), np.ones(2_000), tail=0.001)


def test_a_number_gets_the_centre_zero_and_the_size_one():
    scaled = fitted().scaled(features())
    assert np.median(scaled[:, 0]) == pytest.approx(0.0, abs=0.01)
    assert np.mean(scaled[:, 0] ** 2) == pytest.approx(1.0, abs=1e-6)


def test_a_flag_keeps_its_unit_however_few_have_it():
    assert set(fitted().scaled(features())[:, 1]) == {0.0, 1.0}


def test_what_never_moved_or_was_never_known_is_zero_whatever_comes():
    odd = np.array([[5.0, 0.0, fill, fill] for fill in (7.0, 9.0, -1e9, np.nan, np.inf)], dtype=np.float32)
    assert (fitted().scaled(odd)[:, 2:] == 0.0).all()


def test_what_is_unknown_counts_as_usual_and_what_is_absurd_as_the_most_that_was_seen():
    centre, most, unknown, absurd, infinite = (
        fitted().scaled(np.full((1, 4), fill, dtype=np.float32))[0, 0]
        for fill in (fitted().centre[0], fitted().high[0], np.nan, 1e9, np.inf)
    )
    assert unknown == infinite == centre == pytest.approx(0.0, abs=1e-6)
    assert absurd == pytest.approx(most, abs=1e-6)
    assert 2.0 < absurd < 5.0


@pytest.mark.parametrize("tail", [0.0, 0.1])
def test_a_number_beyond_the_tail_counts_as_the_tail(tail: float):
    inputs = np.arange(101, dtype=np.float32)[:, None]
    scaling = Scaling.fit(inputs, np.ones(101), tail=tail)
    assert (scaling.low[0], scaling.centre[0], scaling.high[0]) == (100 * tail, 50.0, 100 * (1 - tail))
    assert np.ptp(scaling.scaled(inputs)) == pytest.approx(100 * (1 - 2 * tail) / scaling.scale[0])


def test_rows_that_weigh_nothing_do_not_reach_the_size():
    inputs, weight = features(), np.ones(2_000)
    weight[inputs[:, 0] > 5.0] = 0.0
    near = np.abs(inputs[weight > 0, 0] - np.float32(fitted().centre[0]))
    assert Scaling.fit(inputs, weight, tail=0.0).scale[0] == pytest.approx(np.sqrt(np.mean(near**2)), rel=1e-3)


@given(arrays.arrays(np.float32, (5, 4), elements=st.floats(width=32)))
def test_nothing_that_comes_is_scaled_to_what_is_no_number(inputs: np.ndarray):
    assert np.isfinite(fitted().scaled(inputs)).all()


def test_a_damaged_file_is_refused():
    document = written(fitted())
    with pytest.raises(ValueError, match="not finite"):
        read(Scaling, document | {"low": array(np.full(4, np.nan), "<f4")})
    with pytest.raises(ValueError, match="not above zero"):
        read(Scaling, document | {"scale": array(np.array([1.0, 0.0, 1.0, 1.0]), "<f4")})
    with pytest.raises(ValueError):
        read(Scaling, {"low": document["low"]})

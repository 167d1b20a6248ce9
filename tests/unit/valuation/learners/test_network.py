import base64
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from shared.errors import InvalidInputError
from shared.valuation.learners.learner import Rows, TrainingSet
from shared.valuation.learners.network import Network
from shared.valuation.params import Params, Start
from tests.factories.file_parts import array, read, written

FEATURES = tuple(f"feature {place}" for place in range(6))
HIDDEN = 32
NETWORK = Params.load().network.model_copy(update={"min_sales": 1, "hidden": HIDDEN, "epochs": 20, "batch": 128})
PARAMS = Params.load().model_copy(update={"network": NETWORK})


def rows(scaled: np.ndarray) -> Rows:
    """Of scaled features alone; the line is zero."""
    return Rows(*2 * [scaled.astype(np.float32)], *2 * [np.zeros(len(scaled))])


def training_set(count: int = 4_000, seed: int = 4) -> TrainingSet:
    """A target that only two features together tell."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(0.0, 1.0, (count, len(FEATURES)))
    target = 0.2 * np.abs(inputs[:, 0] + inputs[:, 1]) + generator.normal(0.0, 0.01, count)
    return TrainingSet(rows(inputs), FEATURES, target, generator.uniform(0.5, 1.0, count))


def fit(known: TrainingSet, *, start: Start = "zero", seed: int = 1, params: Params = PARAMS) -> Network:
    (one,) = Network.fit(known, params, start=start, seeds=(seed,))
    return one


@pytest.fixture(scope="module")
def fitted() -> Network:
    return fit(training_set())


def again(network: Network, **changed: object) -> Network:
    return read(Network, written(network) | changed)


def test_it_bends_where_a_line_cannot_although_every_tenth_price_is_absurd():
    known, unseen = training_set(), training_set(seed=5)
    known.target[::10] += 3.0
    design = np.column_stack([np.ones(len(unseen.target)), unseen.rows.scaled])
    line = design @ np.linalg.lstsq(design, unseen.target, rcond=None)[0]
    missed = np.median(np.abs(fit(known).predict(unseen.rows) - unseen.target))
    assert missed < 0.4 * np.median(np.abs(line - unseen.target))


def test_rows_that_weigh_nothing_teach_nothing():
    known = training_set()
    wrong = np.arange(len(known.target)) % 2 == 0
    known.weight[wrong] = 0.0
    spoilt = replace(known, target=np.where(wrong, known.target + 5.0, known.target))
    assert written(fit(spoilt)) == written(fit(known))


@pytest.mark.parametrize("count", [1, 5, 127, 129])
def test_few_sales_are_learnt_from_without_harm(count: int):
    predicted = fit(training_set(count)).predict(training_set().rows)
    assert np.isfinite(predicted).all()
    assert np.abs(predicted).max() < 2.0


def test_with_fewer_sales_than_asked_for_there_is_none():
    asked = PARAMS.model_copy(update={"network": NETWORK.model_copy(update={"min_sales": 200})})
    assert Network.fit(training_set(199), asked, start="zero", seeds=(1, 2)) == ()
    assert len(Network.fit(training_set(200), asked, start="zero", seeds=(1, 2))) == 2


def test_from_the_line_it_learns_what_the_line_misses_and_moves_with_it():
    known = training_set()
    known = replace(known, rows=replace(known.rows, line=5.0 + known.rows.scaled[:, 2].astype(np.float64)))
    above = replace(known, target=known.target + known.rows.line)
    network = fit(above, start="linear")
    same = fit(replace(known, target=above.target - known.rows.line))
    assert written(network) == written(same) | {"start": "linear"}
    moved = replace(known.rows, line=known.rows.line + 0.7)
    assert network.predict(moved) - network.predict(known.rows) == pytest.approx(0.7, abs=1e-12)
    assert np.median(np.abs(network.predict(known.rows) - above.target)) < 0.05


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads_and_another_seed_others(fitted):
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            assert written(fit(training_set())) == written(fitted)
    assert written(fit(training_set(), seed=2)) != written(fitted)


def test_several_seeds_are_each_the_one_it_would_be_alone(fitted):
    both = Network.fit(training_set(), PARAMS, start="zero", seeds=(1, 2))
    assert [written(one) for one in both] == [written(fitted), written(fit(training_set(), seed=2))]


def test_parts_and_constant_add_up_to_the_prediction_and_what_is_usual_has_no_part(fitted):
    known = training_set().rows
    known.scaled[:, 2] = 0.0
    parts = fitted.contributions(known)
    assert parts.shape == (len(known.raw), len(FEATURES) + 1)
    assert parts.sum(axis=1) == pytest.approx(fitted.predict(known), abs=1e-9)
    usual = fitted.predict(rows(np.zeros((1, len(FEATURES)))))[0]
    assert parts[:, -1] == pytest.approx(np.full(len(parts), usual), abs=1e-12)
    assert (parts[:, 2] == 0.0).all()
    assert np.abs(parts[:, :2]).mean() > 3 * np.abs(parts[:, 3:-1]).mean()


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), size=st.floats(0.01, 100.0))
def test_parts_add_up_whatever_the_weights(seed: int, size: float):
    generator = np.random.default_rng(seed)
    known = rows(generator.normal(0.0, size, (5, len(FEATURES))))
    shapes = (len(FEATURES), HIDDEN), (HIDDEN,), (HIDDEN,), (1,)
    network = Network("zero", *(generator.normal(0.0, 2.0, shape).astype(np.float32) for shape in shapes))
    parts, predicted = network.contributions(known), network.predict(known)
    assert parts.sum(axis=1) == pytest.approx(predicted, rel=1e-9, abs=1e-6)


def test_a_damaged_file_is_refused(fitted):
    for part in ("bias", "out", "constant"):
        with pytest.raises(InvalidInputError, match="a network of 6 features do not fit together"):
            again(fitted, **{part: array(np.zeros(HIDDEN + 1), "<f4")})
    for number in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not finite"):
            again(fitted, out=array(np.full(HIDDEN, number), "<f4"))
    with pytest.raises(ValueError, match="base64"):
        again(fitted, bias={"shape": [HIDDEN], "numbers": "no base64!"})
    with pytest.raises(ValueError, match="multiple of element size"):
        again(fitted, bias={"shape": [1], "numbers": base64.b64encode(b"12345").decode()})
    for document in ({"weight": written(fitted)["weight"]}, ["weight"]):
        with pytest.raises(ValueError):
            read(Network, document)

"""The network: it bends where a line cannot, its sums are exact in any order, its parts add up, its file is strict."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from shared.errors import InvalidInputError
from shared.valuation.network import HIDDEN, Network

FEATURES = 6


def sales(count: int = 4_000, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scaled features, a target that only two of them together tell, weights."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(0.0, 1.0, (count, FEATURES))
    target = 0.2 * np.abs(inputs[:, 0] + inputs[:, 1]) + generator.normal(0.0, 0.01, count)
    return inputs, target, generator.uniform(0.5, 1.0, count)


@pytest.fixture(scope="module")
def fitted() -> Network:
    return Network.fit(*sales(), seed=1)


def drawn(seed: int, features: int = FEATURES) -> Network:
    """Weights as large as they may be."""
    generator = np.random.default_rng(seed)
    step = [generator.integers(-(2**19), 2**19, size) for size in ((features, HIDDEN), HIDDEN)]
    out = generator.integers(-(2**18), 2**18, HIDDEN + 1) / 2.0**16
    return Network(step[0] / 2.0**16, step[1] / 2.0**16, out[:-1], float(out[-1]))


def test_it_bends_where_a_line_cannot_although_every_tenth_price_is_absurd():
    inputs, target, weight = sales()
    target[::10] += 3.0
    fitted = Network.fit(inputs, target, weight, seed=1)
    unseen, truth, _ = sales(seed=5)
    design = np.column_stack([np.ones(len(truth)), unseen])
    line = design @ np.linalg.lstsq(design, truth, rcond=None)[0]
    assert np.median(np.abs(fitted.predict(unseen) - truth)) < 0.4 * np.median(np.abs(line - truth))


def test_rows_that_weigh_nothing_teach_nothing():
    inputs, target, weight = sales()
    wrong = np.arange(len(target)) % 2 == 0
    weight[wrong] = 0.0
    spoilt = np.where(wrong, target + 5.0, target)
    assert (
        Network.fit(inputs, spoilt, weight, seed=1).as_dict() == Network.fit(inputs, target, weight, seed=1).as_dict()
    )


@pytest.mark.parametrize("count", [1, 5, 511, 513])
def test_few_sales_are_learnt_from_without_harm(count: int):
    inputs, target, weight = (part[:count] for part in sales())
    predicted = Network.fit(inputs, target, weight, seed=1).predict(sales()[0])
    assert np.isfinite(predicted).all()
    assert np.abs(predicted).max() < 2.0


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads_and_another_seed_others(fitted):
    with threadpool_limits(limits=1, user_api="blas"):
        alone = Network.fit(*sales(), seed=1)
    with threadpool_limits(limits=2, user_api="blas"):
        together = Network.fit(*sales(), seed=1)
    assert alone.as_dict() == together.as_dict() == fitted.as_dict()
    assert Network.fit(*sales(), seed=2).as_dict() != fitted.as_dict()


def test_the_order_of_the_features_changes_no_bit():
    """Sums in another order are what another processor adds."""
    inputs, network = sales()[0], drawn(3)
    turned = np.random.default_rng(9).permutation(FEATURES)
    other = replace(network, weight=network.weight[turned])
    assert other.predict(inputs[:, turned]).tobytes() == network.predict(inputs).tobytes()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_products_are_exact_at_the_largest_numbers_there_may_be(seed: int):
    network = drawn(seed, 256)
    inputs = np.random.default_rng(seed).normal(0.0, 40.0, (1, 256))
    on_grid = [Fraction(float(x)) for x in np.clip(np.rint(inputs[0] * 2.0**12) / 2.0**12, -32.0, 32.0)]
    drive = [
        sum((x * Fraction(float(w)) for x, w in zip(on_grid, column, strict=True)), Fraction(float(bias)))
        for column, bias in zip(network.weight.T[:8], network.bias[:8], strict=True)
    ]
    assert [Fraction(float(x)) for x in network._drive(inputs)[0, :8]] == drive
    units = [Fraction(float(unit)) for unit in network._units(network._drive(inputs))[0]]
    said = sum((unit * Fraction(float(out)) for unit, out in zip(units, network.out, strict=True)), Fraction(0))
    assert Fraction(float(network.predict(inputs)[0])) == said + Fraction(network.constant)


def test_a_value_is_the_same_alone_and_among_many(fitted):
    inputs = sales()[0]
    many = fitted.predict(inputs)
    assert [float(fitted.predict(inputs[row : row + 1])[0]) for row in range(40)] == many[:40].tolist()


def test_parts_and_constant_add_up_to_the_prediction_and_what_is_usual_has_no_part(fitted):
    inputs = sales()[0]
    inputs[:, 2] = 0.0
    parts, constant = fitted.contributions(inputs)
    assert parts.shape == inputs.shape
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(inputs), abs=1e-9)
    assert constant == pytest.approx(float(fitted.predict(np.zeros((1, FEATURES)))[0]), abs=1e-12)
    assert (parts[:, 2] == 0.0).all()
    assert np.abs(parts[:, :2]).mean() > 3 * np.abs(parts[:, 3:]).mean()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.floats(0.01, 100.0))
def test_parts_add_up_whatever_the_weights(seed: int, size: float):
    inputs = np.random.default_rng(seed).normal(0.0, size, (5, FEATURES))
    parts, constant = drawn(seed).contributions(inputs)
    assert parts.sum(axis=1) + constant == pytest.approx(drawn(seed).predict(inputs), rel=1e-9, abs=1e-6)


def test_a_file_gives_the_same_network_back(fitted):
    read = Network.from_dict(json.loads(json.dumps(fitted.as_dict())), FEATURES)
    assert read.as_dict() == fitted.as_dict()
    assert read.predict(sales()[0]).tobytes() == fitted.predict(sales()[0]).tobytes()


def test_a_damaged_file_is_refused(fitted):
    with pytest.raises(InvalidInputError, match="7 features"):
        Network.from_dict(fitted.as_dict(), FEATURES + 1)
    beyond = base64.b64encode(np.full(HIDDEN, 2**20, dtype="<i4").tobytes()).decode()
    with pytest.raises(InvalidInputError, match="beyond 4"):
        Network.from_dict(fitted.as_dict() | {"out": beyond}, FEATURES)
    with pytest.raises(ValueError, match="base64"):
        Network.from_dict(fitted.as_dict() | {"bias": "no base64!"}, FEATURES)
    with pytest.raises(KeyError):
        Network.from_dict({"weight": fitted.as_dict()["weight"]}, FEATURES)
    with pytest.raises(TypeError):
        Network.from_dict(["weight"], FEATURES)

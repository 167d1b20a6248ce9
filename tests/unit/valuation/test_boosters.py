"""The boosters of one start: exact reasons, the same bytes twice, and flags that trees may skip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shared.valuation import boosters
from shared.valuation.boosters import STARTS, Boosters
from shared.valuation.params import Params

FEATURES = ("level", "own_age", "is_zombie", "has_hoodie")
PARAMS = Params(
    {"objective": "reg:absoluteerror", "tree_method": "hist", "max_bin": 64, "eta": 0.2, "max_depth": 4,
     "subsample": 0.7}, 30, 900.0, 1_000,
)  # fmt: skip


def sales(count: int = 900) -> tuple[np.ndarray, np.ndarray]:
    """A number, one that is often unknown, two flags, and what they add."""
    generator = np.random.default_rng(5)
    inputs = generator.normal(0.0, 1.0, (count, 4)).astype(np.float32)
    inputs[:, 2] = generator.random(count) < 0.1
    inputs[:, 3] = generator.random(count) < 0.3
    inputs[generator.random(count) < 0.3, 1] = np.nan
    added = 0.2 * inputs[:, 0] + 0.5 * inputs[:, 2] + 0.1 * inputs[:, 3] * inputs[:, 0]
    return inputs, added.astype(np.float64)


def fitted(seeds: tuple[int, ...] = (1, 2), features: tuple[str, ...] = FEATURES) -> Boosters:
    """Boosters of three starts that know the same."""
    inputs, added = sales()
    files = boosters.fit(inputs, added, np.ones(len(added)), PARAMS, features=features, seeds=seeds)
    return Boosters(tuple(files) * len(STARTS), features, threads=1)


def test_what_they_learn_is_what_is_to_be_added():
    inputs, added = sales()
    predicted = fitted().predict(inputs)
    assert predicted.shape == (len(STARTS), len(added))
    assert np.abs(predicted[0] - added).mean() < 0.06


def test_parts_and_constant_add_up_to_the_prediction():
    inputs, _ = sales()
    parts = fitted().contributions(inputs[:50])
    assert parts.shape == (len(STARTS), 50, len(FEATURES) + 1)
    assert parts.sum(axis=2) == pytest.approx(fitted().predict(inputs[:50]), abs=1e-5)


def test_several_seeds_count_as_their_mean_and_each_is_the_one_it_would_be_alone():
    inputs, _ = sales()
    both, one, other = fitted(), fitted((1,)), fitted((2,))
    assert both.files[:2] == (one.files[0], other.files[0])
    assert both.predict(inputs) == pytest.approx((one.predict(inputs) + other.predict(inputs)) / 2, abs=1e-9)
    assert not np.allclose(one.predict(inputs), other.predict(inputs), atol=1e-3)


def test_a_flag_that_is_missing_to_the_trees_tells_them_as_much_as_a_zero():
    inputs, _ = sales()
    as_numbers = fitted(features=("level", "own_age", "held", "owner_holds"))
    assert fitted().predict(inputs) == pytest.approx(as_numbers.predict(inputs), abs=1e-6)
    assert np.isnan(boosters._for_trees(inputs, FEATURES)[inputs[:, 2] == 0.0, 2]).all()
    assert (boosters._for_trees(inputs, FEATURES)[inputs[:, 2] == 1.0, 2] == 1.0).all()


@pytest.mark.parametrize("kept", [0, 1, 4, 5])
def test_a_booster_that_is_missing_is_found_out(kept: int):
    whole = fitted()
    with pytest.raises(ValueError, match="not equally many"):
        replace(whole, files=whole.files[:kept]).check()


def test_predictions_and_parts_do_not_depend_on_the_number_of_threads():
    inputs, _ = sales()
    one, two = fitted(), replace(fitted(), threads=2)
    assert two.predict(inputs).tobytes() == one.predict(inputs).tobytes()
    assert two.contributions(inputs).tobytes() == one.contributions(inputs).tobytes()

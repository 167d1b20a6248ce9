import base64
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from shared.errors import InvalidInputError
from shared.valuation.learners.learner import Rows, TrainingSet
from shared.valuation.learners.trees import Trees
from shared.valuation.params import Params, Start, TreesParams
from tests.factories.file_parts import read, written

FEATURES = ("level", "own_age", "is_zombie", "has_hoodie")
TREES = TreesParams.model_validate(
    {"leave_out": (), "rounds": 30, "objective": "reg:absoluteerror", "tree_method": "hist", "max_bin": 64, "eta": 0.2,
     "max_depth": 4, "subsample": 0.7}
)  # fmt: skip
PARAMS = Params.load().model_copy(update={"trees": TREES})
WITHOUT_FLAGS = Params.load().model_copy(update={"trees": TREES.model_copy(update={"leave_out": ("trait flags",)})})


def training_set(count: int = 900) -> TrainingSet:
    """A number, one that is often unknown, two flags, and what they add; a line that knows half of the first."""
    generator = np.random.default_rng(5)
    inputs = generator.normal(0.0, 1.0, (count, 4)).astype(np.float32)
    inputs[:, 2] = generator.random(count) < 0.1
    inputs[:, 3] = generator.random(count) < 0.3
    inputs[generator.random(count) < 0.3, 1] = np.nan
    target = 0.2 * inputs[:, 0] + 0.5 * inputs[:, 2] + 0.1 * inputs[:, 3] * inputs[:, 0]
    line = 0.1 * inputs[:, 0].astype(np.float64)
    rows = Rows(inputs, np.nan_to_num(inputs), line, np.maximum(line, 0.1))
    return TrainingSet(rows, FEATURES, target.astype(np.float64), np.ones(count))


def fitted(*, start: Start = "zero", seed: int = 1, params: Params = PARAMS) -> Trees:
    (one,) = Trees.fit(training_set(), params, start=start, seeds=(seed,))
    return one


def again(trees: Trees, **changed: object) -> Trees:
    return read(Trees, written(trees) | changed)


@pytest.mark.parametrize("start", get_args(Start))
def test_they_learn_the_target_wherever_they_start(start: Start):
    known = training_set()
    assert np.abs(fitted(start=start).predict(known.rows) - known.target).mean() < 0.06


def test_trees_that_start_from_the_line_move_with_it_one_for_one_and_those_from_zero_do_not():
    rows = training_set().rows
    moved = replace(rows, line=rows.line + 0.7, floored=rows.floored + 0.2)
    for start, by in (("linear", 0.7), ("floored", 0.2), ("zero", 0.0)):
        trees = fitted(start=start)
        assert trees.predict(moved) - trees.predict(rows) == pytest.approx(by, abs=1e-6)


@pytest.mark.parametrize("params", [PARAMS, WITHOUT_FLAGS])
@pytest.mark.parametrize("start", get_args(Start))
def test_parts_constant_and_start_add_up_to_the_prediction(start: Start, params: Params):
    trees, rows = fitted(start=start, params=params), training_set().rows
    parts = trees.contributions(rows)
    assert parts.shape == (len(rows.raw), len(FEATURES) + 1)
    begun = {"zero": 0.0, "linear": rows.line, "floored": rows.floored}[start]
    assert parts.sum(axis=1) + begun == pytest.approx(trees.predict(rows), abs=1e-5)
    assert np.ptp(parts[:, -1]) < 1e-6, "the constant is one"


def test_several_seeds_are_each_the_one_it_would_be_alone():
    both = Trees.fit(training_set(), PARAMS, start="zero", seeds=(1, 2))
    assert [one.file for one in both] == [fitted(seed=1).file, fitted(seed=2).file]
    assert both[0].file != both[1].file


def test_trees_know_nothing_of_the_groups_that_they_leave_out():
    trees, rows = fitted(params=WITHOUT_FLAGS), training_set().rows
    assert trees.columns == (0, 1)
    other = rows.raw.copy()
    other[:, 2:] = 1.0 - other[:, 2:]
    assert trees.predict(replace(rows, raw=other)).tobytes() == trees.predict(rows).tobytes()
    assert (trees.contributions(rows)[:, 2:4] == 0.0).all()
    assert (fitted().contributions(rows)[:, 2:4] != 0.0).any()


def test_a_prediction_is_the_same_alone_and_among_many():
    trees, rows = fitted(start="linear"), training_set().rows
    alone = [trees.predict(Rows(*(part[row : row + 1] for part in vars(rows).values())))[0] for row in range(30)]
    assert alone == trees.predict(rows)[:30].tolist()


def test_a_damaged_file_is_refused():
    whole = fitted()
    for columns in ([0, 1, 2, 4], [0, 1, 2, -1]):
        with pytest.raises(InvalidInputError, match="a feature that the model lacks"):
            again(whole, columns=columns)
    with pytest.raises(InvalidInputError, match="a booster of 4 features, not 3"):
        again(whole, columns=[0, 1, 2])
    with pytest.raises(ValueError, match="base64"):
        again(whole, file="no base64!")
    with pytest.raises(ValueError):
        again(whole, file=base64.b64encode(whole.file[: len(whole.file) // 2]).decode())
    with pytest.raises(ValueError):
        read(Trees, {"columns": [0]})

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import IntegrityError
from shared.valuation.reference import RECENT, ROWS, TOLERANCE, Reference
from tests.factories import small_market
from tests.factories.file_parts import array, read, written


def reference() -> Reference:
    return small_market.model().reference


def test_rows_are_of_the_last_ones_and_go_evenly_from_the_cheapest_to_the_dearest() -> None:
    frame = pl.DataFrame({"place": np.arange(1_000)})
    predicted = np.random.default_rng(1).normal(size=1_000)
    chosen = Reference.choose(frame, predicted)["place"].to_numpy()
    assert len(chosen) == ROWS
    assert chosen.min() >= 1_000 - RECENT
    ranks = np.searchsorted(np.sort(predicted[-RECENT:]), predicted[chosen])
    assert (ranks[0], ranks[-1]) == (0, RECENT - 1)
    assert set(np.diff(ranks)) <= {26, 27}


@pytest.mark.parametrize("rows", [1, 5, ROWS, ROWS + 1])
def test_few_rows_are_each_chosen_once(rows: int) -> None:
    chosen = Reference.choose(pl.DataFrame({"place": np.arange(rows)}), np.zeros(rows))
    assert chosen["place"].to_list() == sorted(set(chosen["place"]))
    assert chosen.height == min(rows, ROWS)


def test_a_model_keeps_what_it_answered_and_all_that_it_reads() -> None:
    model, kept = small_market.model(), reference()
    assert kept.rows.height == ROWS
    assert kept.rows.columns == ["floor_eth", *sorted(model.versions)]
    assert kept.answers[:7].tobytes() == model.predict(kept.rows).numbers().tobytes()
    assert np.ptp(kept.answers[0]) > 1.0, "cheap and dear punks"
    assert model.reference_difference() == 0.0


def test_the_rows_are_those_of_the_training_snapshot_bit_by_bit() -> None:
    learnt = small_market.inputs()[0].frame.select(reference().rows.columns).tail(RECENT)
    seen = {row.tobytes() for row in learnt.to_numpy().astype(np.float64)}
    assert {row.tobytes() for row in reference().rows.to_numpy()} <= seen


@given(st.integers(0, 6), st.integers(0, ROWS - 1), st.floats(-0.5, 0.5))
def test_the_difference_is_the_largest_relative_one(kind: int, row: int, moved: float) -> None:
    answers = reference().answers.copy()
    answers[kind, row] *= 1.0 + moved
    assert reference().difference(answers) == pytest.approx(abs(moved), abs=1e-15)


def test_an_answer_that_is_no_number_differs_infinitely_and_a_bound_at_infinity_from_itself_not_at_all() -> None:
    endless = reference().answers.copy()
    endless[6, 3], endless[5, 3] = np.inf, 0.0
    recorded = replace(reference(), answers=endless)
    assert recorded.difference(endless.copy()) == 0.0
    for number in (np.nan, 7.0):
        other = endless.copy()
        other[6, 3] = number
        assert recorded.difference(other) == np.inf
    other = reference().answers.copy()
    other[0, 0] = np.nan
    assert reference().difference(other) == np.inf


def test_another_processors_last_digits_are_no_other_answer() -> None:
    last_digits = reference().answers * (1.0 + 8 * np.finfo(np.float32).eps)
    assert 0.0 < reference().difference(last_digits) < TOLERANCE


def test_without_reference_rows_nobody_can_tell() -> None:
    with pytest.raises(IntegrityError, match="without reference rows"):
        replace(small_market.model(), reference=None).reference_difference()


def test_a_damaged_reference_is_refused() -> None:
    document = written(reference())
    short = array(np.zeros(7), "<f8")
    broken = {"shape": [7], "numbers": "no base64!"}
    changes = {"answers": short}, {"inputs": broken}, {"inputs": short}, {"columns": ["floor_eth"]}
    for damaged in (*(document | changed for changed in changes), {"inputs": document["inputs"]}):
        with pytest.raises(ValueError):
            read(Reference, damaged)

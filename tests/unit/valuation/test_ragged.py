"""Rows end to end, against one row at a time."""

from itertools import chain
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.valuation.ragged import Ragged

NUMBERS = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e9, 1e9))
ROWS = st.lists(st.lists(NUMBERS, max_size=6), min_size=1, max_size=6)


@pytest.mark.parametrize("right", [False, True])
@given(ROWS, st.lists(st.tuples(st.integers(0, 5), st.one_of(NUMBERS, st.just(nan))), max_size=10))
def test_searching_many_rows_finds_what_searching_each_finds(right, rows, questions):
    rows = [sorted(row) for row in rows]
    row = np.array([number % len(rows) for number, _ in questions], dtype=np.int64)
    wanted = np.array([value for _, value in questions], dtype=np.float64)
    ragged, flat = Ragged([len(row) for row in rows], row), np.array([*chain(*rows)])
    found = ragged.search(flat, np.array([wanted, wanted + 1.0]), right=right) - ragged.start
    for question, number in enumerate(row.tolist()):
        for shift in (0, 1):
            value = wanted[question] + shift
            lesser = [x < value or isnan(value) or (right and x == value) for x in rows[number]]
            assert found[shift, question] == sum(lesser)


@given(ROWS, st.lists(st.tuples(st.integers(0, 5), st.integers(-8, 8)), max_size=10))
def test_nothing_is_picked_from_another_row(rows, questions):
    row = np.array([number % len(rows) for number, _ in questions], dtype=np.int64)
    place = np.array([place for _, place in questions], dtype=np.int64)
    ragged, flat = Ragged([len(row) for row in rows], row), np.array([*chain(*rows)])
    picked = ragged.pick(flat, ragged.start + place)
    expected = [rows[n][p] if 0 <= p < len(rows[n]) else nan for n, p in zip(row.tolist(), place.tolist(), strict=True)]
    assert picked.tolist() == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


@given(ROWS)
def test_every_row_is_ordered_by_itself(rows):
    ragged = Ragged([len(row) for row in rows], np.array([0]))
    flat = np.array([*chain(*rows)], dtype=np.float64)
    assert flat[ragged.argsort(flat)].tolist() == [value for row in rows for value in sorted(row)]
    assert ragged.each(np.sort, flat).tolist() == [value for row in rows for value in sorted(row)]
    equal = ragged.argsort(np.zeros(len(flat)))
    assert equal.tolist() == list(range(len(flat)))

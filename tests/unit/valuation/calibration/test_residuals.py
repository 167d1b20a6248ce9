"""Errors by their sales: which are chosen, and what their columns in a file may hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.valuation.calibration.residuals import Residuals

NOW = 1_717_200_000
THREE = Residuals(np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.5, 2.0]), np.array([NOW - 1, NOW, NOW + 1]))


def test_errors_since_an_instant_are_those_of_sales_at_or_after_it() -> None:
    assert THREE.since(NOW).error.tolist() == [0.2, 0.3]
    assert THREE.since(NOW).time.tolist() == [NOW, NOW + 1]


def test_joined_errors_are_all_of_them_in_the_order_of_the_parts() -> None:
    joined = Residuals.joined([THREE.since(NOW), THREE])
    assert len(joined) == 5
    assert joined.premium.tolist() == [1.5, 2.0, 1.0, 1.5, 2.0]


@given(
    st.lists(
        st.tuples(st.floats(-20, 20), st.floats(1e-3, 1e6), st.integers(0, 2**40)),
        max_size=20,
    )
)
def test_a_file_gives_rounded_errors_back_as_they_are(sales: list[tuple[float, float, int]]) -> None:
    errors = Residuals(*(np.array([sale[place] for sale in sales]) for place in range(3))).rounded()
    read = Residuals.from_dict(json.loads(json.dumps(errors.as_dict())))
    assert read.as_dict() == errors.as_dict()
    assert read.time.dtype == np.int64
    assert len(read) == len(sales)


def test_a_rounded_error_is_within_a_millionth_and_short() -> None:
    third = Residuals(np.array([1 / 3]), np.array([4 / 3]), np.array([NOW]))
    assert third.rounded().error == pytest.approx([1 / 3], abs=1e-6)
    assert json.dumps(third.rounded().as_dict()["error"]) == "[0.333333]"


def cut_short(columns: dict[str, Any]) -> None:
    columns["time"].pop()


@pytest.mark.parametrize(
    "spoil",
    [
        cut_short,
        lambda columns: columns.pop("premium"),
        lambda columns: columns.update(error="0.1"),
        lambda columns: columns["error"].__setitem__(0, float("nan")),
        lambda columns: columns["error"].__setitem__(0, float("-inf")),
        lambda columns: columns["error"].__setitem__(0, "0.1"),
        lambda columns: columns["error"].__setitem__(0, None),
        lambda columns: columns["premium"].__setitem__(0, float("inf")),
        lambda columns: columns["premium"].__setitem__(0, 0.0),
        lambda columns: columns["premium"].__setitem__(0, True),
        lambda columns: columns["time"].__setitem__(0, 1.5),
        lambda columns: columns["time"].__setitem__(0, 10**30),
    ],
)
def test_errors_that_are_no_errors_are_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    columns = json.loads(json.dumps(THREE.as_dict()))
    spoil(columns)
    with pytest.raises((ValueError, KeyError, TypeError, OverflowError)):
        Residuals.from_dict(columns)

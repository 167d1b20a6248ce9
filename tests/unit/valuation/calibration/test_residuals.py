from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.valuation.calibration.residuals import Residuals
from tests.factories.file_parts import array, read, written

NOW = 1_717_200_000
THREE = Residuals(np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.5, 2.0]), np.array([NOW - 1, NOW, NOW + 1]))


def test_chosen_and_joined_errors_keep_their_order_premia_and_times() -> None:
    joined = Residuals.joined([THREE.where(THREE.time >= NOW), THREE])
    assert joined.error.tolist() == [0.2, 0.3, 0.1, 0.2, 0.3]
    assert joined.premium.tolist() == [1.5, 2.0, 1.0, 1.5, 2.0]
    assert joined.time.tolist() == [NOW, NOW + 1, NOW - 1, NOW, NOW + 1]


@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(1e-3, 1e6), st.integers(0, 2**40)), max_size=20))
def test_a_file_gives_rounded_errors_back_as_they_are(sales: list[tuple[float, float, int]]) -> None:
    errors = Residuals(*(np.array([sale[place] for sale in sales]) for place in range(3))).rounded()
    again = read(Residuals, written(errors))
    for name in ("error", "premium", "time"):
        assert getattr(again, name).tobytes() == getattr(errors, name).tobytes()
    assert again.time.dtype == np.int64
    assert len(again) == len(sales)


def test_a_rounded_error_is_within_a_millionth() -> None:
    third = Residuals(np.array([1 / 3]), np.array([4 / 3]), np.array([NOW]))
    assert third.rounded().error == pytest.approx([1 / 3], abs=1e-6)
    assert third.rounded().error.tolist() == [0.333333]


@pytest.mark.parametrize(
    "changed",
    [
        {"time": array(THREE.time[:2], "<i8")},
        {"premium": None},
        {"error": "0.1"},
        {"error": [0.1, 0.2, 0.3]},
        {"error": array(np.array([0.1, float("nan"), 0.3]), "<f8")},
        {"error": array(np.array([0.1, float("-inf"), 0.3]), "<f8")},
        {"error": array(np.array([0.1, 0.2, 0.3]), "<f8") | {"shape": [4]}},
        {"error": array(np.array([0.1, 0.2, 0.3]), "<f8") | {"numbers": "0.1 0.2"}},
        {"premium": array(np.array([1.0, float("inf"), 1.0]), "<f8")},
        {"premium": array(np.array([1.0, 0.0, 1.0]), "<f8")},
    ],
)
def test_errors_that_are_no_errors_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(Residuals, written(THREE) | changed)

    with pytest.raises(ValueError, match="premium"):
        read(Residuals, {name: column for name, column in written(THREE).items() if name != "premium"})

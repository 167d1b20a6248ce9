import re

import numpy as np
import pytest

from shared.market.traits import TYPES
from shared.valuation.calibration.intervals import LEVELS, Calibration
from shared.valuation.confidence import LOWEST, MEANINGS, meaning
from shared.valuation.params import Params
from tests.factories import small_market

PARAMS = Params.load()
THIN_TYPES = PARAMS.index_rule.types


def graded(width: float) -> tuple[np.ndarray, np.ndarray]:
    """Type and grade of every punk when all intervals are this wide."""
    half = np.arcsinh(width / 2)
    calibration = PARAMS.calibration
    offsets = np.tile([-half, half], (len(LEVELS), len(calibration.intervals.bounds) + 1, 1))
    narrow = Calibration(offsets, np.zeros(len(calibration.correction.knots)), calibration)
    frame = small_market.nowcast().frame
    types = np.array(TYPES)[frame["type"].to_numpy().astype(int)]
    return types, small_market.model().predict(frame, narrow).confidence


@pytest.mark.parametrize(("width", "grade"), [(0.1, "A"), (0.3, "B"), (0.7, "C"), (0.9, "D")])
def test_the_grade_of_a_width_is_the_one_whose_meaning_names_it(width: float, grade: str) -> None:
    types, grades = graded(width)
    assert set(grades[~np.isin(types, THIN_TYPES)]) == {grade}
    numbers = [int(number) / 100 for number in re.findall(r"(\d+) %", MEANINGS[grade])[1:]]
    if grade == LOWEST:
        assert numbers[0] < width
    else:
        assert width <= numbers[-1]
        assert len(numbers) == 1 or numbers[0] < width


def test_apes_and_aliens_are_never_graded_better_than_the_lowest() -> None:
    types, grades = graded(0.1)
    assert set(types) == set(TYPES)
    assert set(grades[np.isin(types, ("Ape", "Alien"))]) == {"D"}
    assert "so few apes are sold" in meaning("D", "Ape")


def test_the_meanings_of_grades_name_the_widths_that_a_model_grades_by() -> None:
    grades = small_market.model().grades
    assert list(grades) == list(MEANINGS)
    for name, width in grades.items():
        assert width is None or f"{100 * width:.0f} % of the value wide" in MEANINGS[name]
    assert small_market.model().lowest_grade == LOWEST

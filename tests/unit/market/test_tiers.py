import numpy as np
from pydantic import TypeAdapter

from lab.evaluation.tables import SEGMENT_TITLES
from services.api.outcomes.schemas import PerformanceDocument
from shared.market.tiers import BOUNDS, TIERS, tier_of
from shared.valuation.params import Params


def test_a_model_is_fitted_with_intervals_by_the_tiers_that_gates_and_reports_judge_by() -> None:
    assert Params.load().calibration.intervals.bounds == BOUNDS


def test_there_is_one_tier_more_than_bounds_and_a_bound_belongs_to_the_tier_above_it() -> None:
    assert len(TIERS) == len(BOUNDS) + 1
    assert tier_of(np.array(BOUNDS)).tolist() == [1, 2, 3]
    assert tier_of(np.nextafter(BOUNDS, 0.0)).tolist() == [0, 1, 2]
    assert tier_of(np.array([0.01, 1e6])).tolist() == [0, 3]


def test_a_model_may_have_bounds_of_its_own() -> None:
    assert tier_of(np.array([1.0, 1.09, 2.0]), (1.5,)).tolist() == [0, 0, 1]


def test_titles_of_reports_name_the_bounds() -> None:
    assert SEGMENT_TITLES == {
        "floor_tier": "premium < 1.08", "mid": "1.08–1.3", "premium": "1.3–2.5", "rare": "> 2.5",
    }  # fmt: skip


def test_the_api_describes_the_tiers_it_answers_by() -> None:
    described = TypeAdapter(PerformanceDocument).json_schema()["properties"]["by_segment"]["description"]
    assert described.endswith("floor_tier below 1.08, mid below 1.3, premium below 2.5, rare above")

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.api.outcomes.queries import Scored
from services.api.outcomes.scorecards import compare, performance, segment

AT = datetime(2025, 6, 1, tzinfo=UTC)
SALE = Scored("latest", AT, "buy", "Male", "m-1", 42.0, 40.0, 38.0, 44.0, False, True, True, "public_ask", True, False)


def test_errors_are_divided_by_the_price_for_champion_and_floor_alike() -> None:
    comparison = compare([SALE, replace(SALE, value_eth=50.0, price_eth=100.0, in80=False)])
    assert comparison.champion.median_ape == pytest.approx((0.05 + 0.5) / 2)
    assert comparison.champion.bias == pytest.approx((0.05 - 0.5) / 2)
    assert comparison.champion.coverage_80 == 0.5
    assert comparison.floor.mape == pytest.approx((0.05 + 0.62) / 2)


def test_a_sale_without_a_floor_counts_for_the_champion_only() -> None:
    comparison = compare([SALE, replace(SALE, floor_eth=0.0)])
    assert (comparison.champion.n, comparison.floor.n) == (2, 1)


@pytest.mark.parametrize(
    ("value", "name"), [(41.0, "floor_tier"), (41.04, "mid"), (49.4, "premium"), (95.0, "rare"), (900.0, "rare")]
)
def test_segments_go_by_predicted_premium(value: float, name: str) -> None:
    assert segment(replace(SALE, value_eth=value)) == name


def test_breakdowns_are_of_the_horizon_asked_for() -> None:
    body = performance([SALE, replace(SALE, horizon="24h", value_eth=60.0)], horizon="24h", computed_at=AT)
    assert body.by_horizon["latest"].champion.n == body.by_horizon["24h"].champion.n == 1
    assert [group.champion.mape for group in body.by_month] == [0.5]

from dataclasses import replace

import pytest

from shared.market.valid_sales import EXPLANATIONS, Circumstances, Exclusion, exclusion
from shared.units import ETH

PLAIN = Circumstances(price=50 * ETH, floor=48 * ETH, previous_day_floor=47 * ETH)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"price": 0}, Exclusion.CUSTODY_MOVE),
        ({"price": ETH // 200 - 1}, Exclusion.DUST),
        ({"price": 124_457 * ETH, "highest_bid": 310 * ETH}, Exclusion.FLASH_LOAN),
        ({"price": 20_000 * ETH, "highest_bid": 1_999 * ETH}, Exclusion.FLASH_LOAN),
        ({"price": 481 * ETH, "atomic": True}, Exclusion.FLASH_LOAN),
        ({"to_itself": True}, Exclusion.SELF_SALE),
        ({"comes_back": True}, Exclusion.ROUND_TRIP),
        ({"sold_before": True}, Exclusion.DUPLICATE),
        ({"price": 24 * ETH - 1}, Exclusion.FAR_BELOW_FLOOR),
        ({"price": 25 * ETH, "previous_day_floor": 63 * ETH}, Exclusion.FAR_BELOW_PREVIOUS_DAY_FLOOR),
    ],
)
def test_every_exclusion_has_its_reason(changed, reason):
    assert exclusion(replace(PLAIN, **changed)) is reason


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"floor": None, "previous_day_floor": None},
        {"price": 24 * ETH, "previous_day_floor": 60 * ETH},
        {"price": ETH // 200, "floor": None, "previous_day_floor": None},
        {"price": 480 * ETH, "atomic": True},
        {"price": 300 * 48 * ETH},
        {"price": 20_000 * ETH, "highest_bid": 2_000 * ETH},
    ],
)
def test_an_ordinary_sale_counts_and_so_do_those_at_the_bounds(changed):
    assert exclusion(replace(PLAIN, **changed)) is None


def test_every_reason_is_explained():
    assert set(EXPLANATIONS) == set(Exclusion)

from dataclasses import replace

import pytest

from shared.market.valid_sales import EXPLANATIONS, Circumstances, Exclusion, exclusion
from shared.units import ETH

PLAIN = Circumstances(price=50 * ETH, floor=48 * ETH, previous_day_floor=47 * ETH)


def test_an_ordinary_sale_counts():
    assert exclusion(PLAIN) is None


def test_a_sale_counts_when_there_was_no_floor_to_compare_with():
    assert exclusion(replace(PLAIN, floor=None, previous_day_floor=None)) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"price": 0}, Exclusion.CUSTODY_MOVE),
        ({"price": ETH // 200 - 1}, Exclusion.DUST),
        ({"price": 124_457 * ETH, "highest_bid": 310 * ETH}, Exclusion.FLASH_LOAN),
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
        {"price": 24 * ETH, "previous_day_floor": 60 * ETH},
        {"price": ETH // 200, "floor": None, "previous_day_floor": None},
        {"price": 480 * ETH, "atomic": True},
        {"price": 300 * 48 * ETH},
    ],
)
def test_the_bounds_themselves_are_inside(changed):
    assert exclusion(replace(PLAIN, **changed)) is None


def test_a_price_that_somebody_has_escrowed_a_tenth_of_is_no_flash_loan():
    assert exclusion(replace(PLAIN, price=20_000 * ETH, highest_bid=1_999 * ETH)) is Exclusion.FLASH_LOAN
    assert exclusion(replace(PLAIN, price=20_000 * ETH, highest_bid=2_000 * ETH)) is None


def test_every_reason_is_explained():
    assert set(EXPLANATIONS) == set(Exclusion)

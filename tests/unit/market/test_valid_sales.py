import pytest

from shared.market.valid_sales import Exclusion, exclusion

PLAIN = {"price_eth": 50.0, "seller": "a", "buyer": "b", "floor_eth": 48.0, "previous_day_floor_eth": 47.0}


def test_an_ordinary_sale_counts():
    assert exclusion(**PLAIN) is None


def test_a_sale_counts_when_there_was_no_floor_to_compare_with():
    assert exclusion(**PLAIN | {"floor_eth": None, "previous_day_floor_eth": None}) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"price_eth": 0.0049}, Exclusion.DUST),
        ({"price_eth": 124_457.0}, Exclusion.FLASH_LOAN),
        ({"buyer": "a"}, Exclusion.SELF_SALE),
        ({"price_eth": 23.9}, Exclusion.FAR_BELOW_FLOOR),
        ({"price_eth": 25.0, "previous_day_floor_eth": 63.0}, Exclusion.FAR_BELOW_PREVIOUS_DAY_FLOOR),
    ],
)
def test_every_exclusion_has_its_reason(changed, reason):
    assert exclusion(**PLAIN | changed) is reason


def test_the_bounds_themselves_are_inside():
    assert exclusion(**PLAIN | {"price_eth": 24.0, "previous_day_floor_eth": 60.0}) is None
    assert exclusion(**PLAIN | {"price_eth": 0.005, "floor_eth": None, "previous_day_floor_eth": None}) is None

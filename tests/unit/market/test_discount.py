from hypothesis import given
from hypothesis import strategies as st

from shared.market.discount import DISCOUNT_UNIT, billionths, discount


@given(st.integers(1, 99), st.integers(1, 10**6))
def test_an_ask_below_the_value_by_exactly_a_share_has_that_discount(percent: int, value: int) -> None:
    ask = value * (100 - percent) * 10**16
    assert discount(ask, value * 10**18) == billionths(percent / 100)
    assert discount(ask + 1, value * 10**18) < billionths(percent / 100)


def test_an_ask_above_the_value_has_a_discount_below_zero() -> None:
    assert discount(3, 2) == -DISCOUNT_UNIT // 2

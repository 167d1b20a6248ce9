from hypothesis import given
from hypothesis import strategies as st

from services.api.documents import encode
from services.api.money import Money, eth_to_wei, money
from tests.factories.view import read


@given(st.integers(0, 10**30))
def test_money_reads_back(wei: int) -> None:
    assert read(Money, encode(money(wei))) == money(str(wei)) == Money(wei=str(wei), eth=wei / 10**18)


@given(st.integers(0, 10**9), st.integers(0, 10**6 - 1))
def test_an_eth_amount_means_the_decimal_that_was_written(whole: int, micros: int) -> None:
    assert eth_to_wei(float(f"{whole}.{micros:06d}")) == whole * 10**18 + micros * 10**12

from hypothesis import given
from hypothesis import strategies as st

from shared.market.order_book import AskBook, price_and_punk

ETH = 10**18

moves = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 12))), max_size=120)


@given(moves)
def test_the_book_equals_a_plain_sort_of_the_standing_asks(drawn):
    book, standing = AskBook(), {}
    for punk, price in drawn:
        moved = book.move(punk, None if price is None else price * ETH)
        if price is None:
            assert moved is (punk in standing)
            standing.pop(punk, None)
        else:
            assert moved is True
            standing[punk] = price * ETH
    ordered = sorted((price, punk) for punk, price in standing.items())
    assert book.asks() == ordered
    assert book.floor() == (ordered[0] if ordered else None)
    for punk in range(31):
        others = [price for price, other in ordered if other != punk]
        assert book.floor_without(punk) == (others[0] if others else None)
        assert book.ask(punk) == standing.get(punk)
    assert [price_and_punk(key) for key in book.lowest_two()] == ordered[:2]


def test_one_wei_decides_which_ask_is_the_floor_and_equal_prices_go_to_the_lower_punk():
    book = AskBook()
    book.move(1, 50 * ETH + 1)
    book.move(9_999, 50 * ETH)
    assert book.floor() == (50 * ETH, 9_999)
    book.move(7, 50 * ETH)
    assert book.floor() == (50 * ETH, 7)
    assert book.floor_without(7) == 50 * ETH


def test_prices_that_no_float_and_no_64_bit_integer_can_hold_stay_exact():
    book = AskBook()
    book.move(3, 10**60 + 1)
    assert book.asks() == [(10**60 + 1, 3)]

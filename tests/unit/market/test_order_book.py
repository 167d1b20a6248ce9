import math

from hypothesis import given
from hypothesis import strategies as st

from shared.market.order_book import LADDER_COLUMNS, AskBook

moves = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(1, 12))), max_size=120)


@given(moves)
def test_the_book_equals_a_plain_sort_of_the_standing_asks(drawn):
    book, standing = AskBook(), {}
    for punk, price in drawn:
        if price is None:
            assert book.remove(punk) == (punk in standing)
            standing.pop(punk, None)
        else:
            book.place(punk, float(price))
            standing[punk] = float(price)
    ordered = sorted((price, punk) for punk, price in standing.items())
    assert len(book) == len(ordered)
    assert book.floor() == (ordered[0] if ordered else None)
    for punk in range(31):
        others = [price for price, other in ordered if other != punk]
        assert book.floor_without(punk) == (others[0] if others else None)
    count, *ladder = book.ladder()
    assert count == len(ordered)
    for rank, price in zip(LADDER_COLUMNS, ladder, strict=True):
        assert price == ordered[rank - 1][0] if rank <= len(ordered) else math.isnan(price)

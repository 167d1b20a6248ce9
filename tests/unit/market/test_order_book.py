import math

from hypothesis import given
from hypothesis import strategies as st

from shared.market.order_book import LADDER_COLUMNS, AskBook, TraitAsks

ETH = 10**18
TRAITS = [[punk % 3, 3 + punk % 2] for punk in range(31)]

moves = st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(0, 12))), max_size=120)


@given(moves)
def test_the_book_equals_a_plain_sort_of_the_standing_asks(drawn):
    book, standing = AskBook(), {}
    for punk, price in drawn:
        moved = book.move(punk, None if price is None else price * ETH)
        if price is None:
            assert (moved is not None) == (punk in standing)
            standing.pop(punk, None)
        else:
            standing[punk] = price * ETH
    ordered = sorted((price, punk) for punk, price in standing.items())
    assert book.asks() == ordered
    assert len(book) == len(ordered)
    assert book.floor() == (ordered[0] if ordered else None)
    for punk in range(31):
        others = [price for price, other in ordered if other != punk]
        assert book.floor_without(punk) == (others[0] if others else None)
        assert book.ask(punk) == standing.get(punk)
    count, *ladder = book.ladder()
    assert count == len(ordered)
    for rank, price in zip(LADDER_COLUMNS, ladder, strict=True):
        assert price == ordered[rank - 1][0] / ETH if rank <= len(ordered) else math.isnan(price)


@given(moves)
def test_a_trait_tells_its_two_lowest_asks_whenever_they_change_and_only_then(drawn):
    book, by_trait, standing = AskBook(), TraitAsks(TRAITS, 5), {}
    told = dict.fromkeys(range(5), (math.inf, math.inf))
    for punk, price in drawn:
        moved = book.move(punk, None if price is None else price * ETH)
        changed = by_trait.move(punk, *moved) if moved else []
        if price is None:
            standing.pop(punk, None)
        else:
            standing[punk] = price
        assert {trait for trait, _ in changed} <= set(TRAITS[punk])
        told |= {trait: tuple(math.inf if math.isnan(p) else p for p in lowest) for trait, lowest in changed}
        for trait in range(5):
            prices = sorted(price for punk, price in standing.items() if trait in TRAITS[punk])
            assert told[trait] == (*map(float, prices[:2]), *[math.inf] * (2 - len(prices)))


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

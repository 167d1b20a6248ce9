"""Prices kept in order, against sorting them again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.market.sorted_prices import SortedPrices

PRICES = st.one_of(st.none(), st.sampled_from([1.0, np.nextafter(1.0, 2.0), 2.5, 1e-18, 1e9]))
CHANGES = st.lists(st.dictionaries(st.integers(9_990, 9_999), PRICES, min_size=1), max_size=12)


@given(CHANGES)
def test_the_order_after_any_changes_is_that_of_price_and_punk(changes):
    order, standing = SortedPrices(), dict[int, float]()
    for step in changes:
        prices = np.array([np.nan if price is None else price for price in step.values()])
        order.change(np.array([*step]), prices)
        standing |= {punk: price for punk, price in step.items() if price is not None}
        standing = {punk: price for punk, price in standing.items() if step.get(punk, price) is not None}
        expected = sorted(standing, key=lambda punk: (standing[punk], punk))
        assert order.punks.tolist() == expected
        assert order.prices.tolist() == [standing[punk] for punk in expected]
        every = np.arange(9_990, 10_000)
        own = np.array([standing.get(punk, np.nan) for punk in every.tolist()])
        places = [expected.index(punk) if punk in standing else -1 for punk in every.tolist()]
        assert order.place(every, own).tolist() == places


def test_what_was_read_before_a_change_stays_as_it_was():
    order = SortedPrices()
    order.change(np.array([3, 5]), np.array([2.0, 1.0]))
    punks, prices = order.punks, order.prices
    order.change(np.array([5, 4]), np.array([np.nan, 1.5]))
    assert (punks.tolist(), prices.tolist()) == ([5, 3], [1.0, 2.0])
    assert (order.punks.tolist(), order.prices.tolist()) == ([4, 3], [1.5, 2.0])

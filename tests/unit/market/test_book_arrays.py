"""The board that moves from instant to instant against a plain fold."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.book_arrays import NOBODY, BookArrays
from tests.factories import market
from tests.factories.plain_market import plain_board

TRAITS = market.TRAITS
EVENTS = {"made-up": market.events_frame(9), "busy": market.busy_events(9, count=600)}
FOLDED = {name: market.timeline(events, TRAITS) for name, events in EVENTS.items()}
SHARES = st.lists(st.floats(0, 1.05), min_size=1, max_size=6).map(sorted)


def instants(name: str, shares: list[float]) -> list[int]:
    times = EVENTS[name]["timestamp"].dt.epoch("s")
    first, last = int(times[0]), int(times[-1])
    # Both amid two events and at the very instant of one.
    return sorted({first + int((last - first) * share) for share in shares} | {int(times[int(shares[0] * 500)])})


def known(values: np.ndarray) -> dict[int, float]:
    return {int(punk): float(values[punk]) for punk in np.flatnonzero(np.isfinite(values))}


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=15)
@given(shares=SHARES)
def test_the_board_at_rising_instants_equals_a_plain_fold_of_what_came_strictly_before(name, shares):
    board = BookArrays(FOLDED[name])
    numbers = {number: address for address, number in FOLDED[name]._owner_ids.items()}
    for as_of in instants(name, shares):
        board.advance(as_of)
        plain = plain_board(EVENTS[name], as_of)
        assert known(board.ask_eth) == {punk: price for punk, (price, _) in plain.asks.items()}
        assert known(board.ask_since) == {punk: since for punk, (_, since) in plain.asks.items()}
        assert known(board.bid_eth) == plain.bids
        held = np.flatnonzero(board.owner != NOBODY)
        assert {int(punk): (numbers[int(board.owner[punk])], int(board.way[punk])) for punk in held} == plain.owners
        assert not board.way[board.owner == NOBODY].any()
        for order, prices in ((board.asks, board.ask_eth), (board.bids, board.bid_eth)):
            # Among equal prices the lower punk comes first.
            assert order.punks.tolist() == sorted(known(prices), key=lambda punk: (prices[punk], punk))
            assert order.prices.tolist() == sorted(known(prices).values())
        owners = [address for address, _ in plain.owners.values()]
        assert board.held[NOBODY] == 10_000 - len(owners)
        assert {numbers[n]: int(board.held[n]) for n in np.flatnonzero(board.held[:-1])} == Counter(owners)


def test_an_instant_that_was_passed_already_changes_nothing():
    board, times = BookArrays(FOLDED["made-up"]), EVENTS["made-up"]["timestamp"].dt.epoch("s")
    board.advance(int(times[900]))
    before = board.ask_eth.copy()
    board.advance(int(times[900]))
    assert board.ask_eth.tobytes() == before.tobytes()

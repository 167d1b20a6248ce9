from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.backtest.feed import Day
from shared.backtest.ledger import MARKS
from shared.backtest.simulation import BookRun
from shared.backtest.terms import Terms
from shared.units import DAY_S, ETH
from tests.factories import feed
from tests.factories.feed import FIRST_DAY, garbage_after, random_days

SEEDS = st.integers(0, 10_000)
TERMS = st.builds(
    Terms,
    margin_bps=st.sampled_from([0, 500, 1_500]),
    latency=st.integers(0, 3),
    sell_fee_bps=st.sampled_from([0, 250]),
    capital_wei=st.sampled_from([60 * ETH, 500 * ETH]),
    largest_bps=st.sampled_from([2_000, 10_000]),
    resamples=st.just(20),
)


def play(days: list[Day], terms: Terms) -> dict[str, BookRun]:
    return {book.name: book for book in feed.play(days, terms).books()}


@settings(max_examples=60)
@given(SEEDS, TERMS)
def test_cash_and_positions_are_what_was_put_in_plus_what_was_gained(seed: int, terms: Terms) -> None:
    for name, book in play(random_days(seed), terms).items():
        if name == "floor_index":
            continue
        start = 0 if name in ("seed_style", "buy_all") else terms.capital_wei
        last = book.days[-1]
        gained = sum(trade.gain_wei or 0 for trade in book.trades)
        open_cost = sum(trade.paid_wei for trade in book.trades if trade.exit is None)
        paid = sum(day.paid_in - day.paid_out for day in book.days)
        # Cash is what was put in, plus what the closed trades gained, less what the open ones cost.
        assert last.cash == start + paid + gained - open_cost
        assert last.cost == open_cost
        for place, mark in enumerate(MARKS):
            marks = sum(trade.marks[place] for trade in book.trades if trade.exit is None and trade.marks)
            assert last.equity(mark) == last.cash + marks


@settings(max_examples=60)
@given(SEEDS, TERMS)
def test_no_capital_below_zero_and_no_punk_held_twice(seed: int, terms: Terms) -> None:
    for book in play(random_days(seed), terms).values():
        assert all(day.cash >= 0 for day in book.days)
        spans: dict[int, list[tuple[int, int]]] = {}
        for trade in book.trades:
            left = trade.exit.at if trade.exit else 2**62
            spans.setdefault(trade.entry.punk, []).append((trade.entry.at, left))
        for own in spans.values():
            own.sort()
            assert all(earlier[1] <= later[0] for earlier, later in pairwise(own))


@settings(max_examples=60)
@given(SEEDS, TERMS)
def test_every_price_is_that_of_a_real_event_before_it(seed: int, terms: Terms) -> None:
    days = random_days(seed)
    real = {event.ref: event for day in days for event in day.events}
    for name, book in play(days, terms).items():
        for trade in book.trades:
            entry = real[trade.entry.ref]
            assert (entry.punk, entry.price_wei) == (trade.entry.punk, trade.entry.price_wei)
            assert entry.time <= trade.entry.at
            assert entry.kind == ("listed" if name == "executable" else "sale")
            if name == "executable":
                assert entry.receiver is None
                assert entry.known < trade.entry.decided_at < trade.entry.at
                assert entry.price_wei * 10_000 <= trade.entry.value_wei * (10_000 - terms.margin_bps)
            if trade.exit is not None:
                sale = real[trade.exit.ref]
                assert sale.sale.valid
                assert (sale.punk, sale.price_wei, sale.time) == (trade.entry.punk, trade.exit.price_wei, trade.exit.at)
                assert sale.time > trade.entry.at or name != "executable"


@settings(max_examples=60)
@given(SEEDS, TERMS, st.integers(1, 11), st.integers(0, DAY_S - 1))
def test_garbage_in_the_future_changes_nothing_before_it(seed: int, terms: Terms, day: int, second: int) -> None:
    days = random_days(seed)
    instant = (FIRST_DAY + day) * DAY_S + second
    honest, poisoned = play(days, terms), play(garbage_after(days, instant, seed), terms)
    for name, book in honest.items():
        other = poisoned[name]
        before = [trade.entry for trade in book.trades if trade.entry.at < instant]
        assert before == [trade.entry for trade in other.trades if trade.entry.at < instant]
        exits = [trade.exit for trade in book.trades if trade.exit and trade.exit.at < instant]
        assert exits == [trade.exit for trade in other.trades if trade.exit and trade.exit.at < instant]
        known = instant // DAY_S - FIRST_DAY
        assert book.days[:known] == other.days[:known]


def test_a_random_market_does_trade_or_these_tests_would_say_nothing() -> None:
    books = play(random_days(3), Terms(capital_wei=500 * ETH, largest_bps=5_000))
    assert all(len(books[name].trades) > 2 for name in ("executable", "seed_style", "buy_all", "random_entry"))
    assert any(trade.exit for trade in books["executable"].trades)


def test_the_same_seed_draws_the_same_random_entries() -> None:
    days = random_days(5)
    one, same, other = (play(days, Terms(capital_wei=500 * ETH, largest_bps=5_000, seed=seed)) for seed in (7, 7, 8))
    assert one["random_entry"] == same["random_entry"]
    assert one["random_entry"] != other["random_entry"]

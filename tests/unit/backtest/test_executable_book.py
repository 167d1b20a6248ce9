from dataclasses import replace

import pytest

from shared.backtest.ledger import Trade
from shared.backtest.simulation import BookRun, Simulation
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError
from shared.units import ETH
from tests.factories.feed import START, Feed, play

TERMS = Terms(buy_gas_wei=ETH // 100, sell_gas_wei=ETH // 50, capital_wei=300 * ETH, largest_bps=5_000)


def played(feed: Feed, days: int = 3, terms: Terms = TERMS) -> BookRun:
    return next(book for book in play(feed.days(days), terms).books() if book.name == "executable")


def listed_under_value(price: float = 44.0) -> Feed:
    """Punk 1 is worth 50; from hour 1 on it is on offer. Nowcasts at 6, 12, 18, … hours."""
    feed = Feed()
    feed.happen("listed", 1, 1, price)
    return feed


def nowcasts(feed: Feed, *, value: float = 50.0, days: int = 3) -> Feed:
    for step in range(1, days * 4):
        feed.nowcast(6.0 * step, {1: value})
    return feed


def only(book: BookRun) -> Trade:
    (trade,) = book.trades
    return trade


def test_an_ask_under_the_value_by_the_margin_is_bought_one_nowcast_later() -> None:
    trade = only(played(nowcasts(listed_under_value())))
    assert trade.entry.decided_at == START + 6 * 3600
    assert trade.entry.at == START + 12 * 3600 + 2
    assert (trade.entry.price_wei, trade.entry.value_wei) == (44 * ETH, 50 * ETH)
    assert trade.exit is None


@pytest.mark.parametrize(("price", "bought"), [(45.0, True), (45.001, False)])
def test_the_margin_is_exact(price: float, bought: bool) -> None:
    assert bool(played(nowcasts(listed_under_value(price))).trades) == bought


def test_latency_counts_nowcasts() -> None:
    book = played(nowcasts(listed_under_value()), terms=Terms(latency=3, capital_wei=300 * ETH))
    assert only(book).entry.at == START + 24 * 3600 + 2
    at_once = played(nowcasts(listed_under_value()), terms=Terms(latency=0, capital_wei=300 * ETH))
    assert only(at_once).entry.at == START + 6 * 3600 + 2


@pytest.mark.parametrize(
    "gone",
    [
        lambda feed: feed.sale(1, 9, 44.0),
        lambda feed: feed.happen("delisted", 1, 9),
        lambda feed: feed.happen("transfer", 1, 9),
        lambda feed: feed.happen("listed", 1, 9, 44.0),
    ],
    ids=["somebody else bought it", "delisted", "transferred", "listed again, even at the same price"],
)
def test_an_ask_that_is_gone_when_the_order_arrives_is_missed(gone: object) -> None:
    feed = listed_under_value()
    gone(feed)  # type: ignore[operator]
    feed.nowcast(6, {1: 50.0})
    feed.nowcast(12, {1: 10.0})
    book = played(feed)
    assert (list(book.trades), book.missed) == ([], 1)


def test_an_ask_that_was_not_known_at_the_nowcast_is_not_bought_on_it() -> None:
    feed = Feed()
    late = feed.happen("listed", 1, 5, 44.0)
    feed.events[0] = replace(late, known=START + 7 * 3600)
    trade = only(played(nowcasts(feed)))
    assert trade.entry.decided_at == START + 12 * 3600


def test_a_private_listing_is_no_ask() -> None:
    feed = Feed()
    feed.happen("listed", 1, 1, 44.0, receiver="0xb")
    assert not played(nowcasts(feed)).trades


def test_who_really_took_the_ask_is_no_exit_and_the_next_sale_is() -> None:
    feed = listed_under_value()
    feed.sale(1, 20, 44.0)
    feed.sale(1, 30, 52.0, kind="accept_bid")
    trade = only(played(nowcasts(feed)))
    assert (trade.exit.price_wei, trade.exit.kind) == (52 * ETH, "accept_bid")
    assert trade.gain_wei == 52 * ETH - ETH // 50 - 44 * ETH - ETH // 100


def test_a_sale_at_another_price_is_an_exit_and_an_excluded_one_is_not() -> None:
    feed = listed_under_value()
    feed.sale(1, 19, 3.0, kind="accept_bid", valid=False)
    feed.happen("listed", 1, 20, 41.0)
    feed.sale(1, 21, 41.0)
    trade = only(played(nowcasts(feed)))
    assert trade.exit.price_wei == 41 * ETH


def test_the_fee_and_the_gas_come_off() -> None:
    terms = Terms(sell_fee_bps=250, sell_gas_wei=ETH, buy_gas_wei=2 * ETH, capital_wei=300 * ETH, largest_bps=5_000)
    feed = listed_under_value()
    feed.happen("listed", 1, 20, 60.0)
    feed.sale(1, 21, 60.0)
    book = played(nowcasts(feed), terms=terms)
    assert only(book).gain_wei == 60 * ETH - 60 * ETH // 40 - ETH - 44 * ETH - 2 * ETH
    assert book.days[-1].cash == 300 * ETH + only(book).gain_wei


def test_capital_and_the_largest_position_limit_what_is_bought() -> None:
    feed = Feed()
    for punk in range(10):
        feed.happen("listed", punk, 1, 40.0 - punk)
    for step in range(1, 12):
        feed.nowcast(6.0 * step, dict.fromkeys(range(10), 50.0))
    book = played(feed)
    # The deepest discounts first: 31 to 38 ETH, and 0.01 of gas for each, are all that 300 ETH pay for.
    assert [trade.entry.price_wei // ETH for trade in book.trades] == [31, 32, 33, 34, 35, 36, 37, 38]
    assert all(day.cash >= 0 for day in book.days)
    assert not played(feed, terms=Terms(capital_wei=300 * ETH, largest_bps=1_000)).trades


def test_open_positions_are_marked_to_bid_floor_and_value() -> None:
    feed = listed_under_value()
    feed.happen("bid", 1, 2, 20.0)
    book = played(nowcasts(feed))
    assert only(book).marks == (20 * ETH, 40 * ETH, 50 * ETH)
    last = book.days[-1]
    assert last.cash == 300 * ETH - 44 * ETH - ETH // 100
    assert [last.equity(mark) - last.cash for mark in ("bid", "floor", "value")] == [20 * ETH, 40 * ETH, 50 * ETH]


def test_days_must_follow_each_other() -> None:
    simulation = Simulation(TERMS)
    first, _, third = Feed().days(3)
    simulation.run_day(first)
    with pytest.raises(InvalidInputError, match="does not follow"):
        simulation.run_day(third)

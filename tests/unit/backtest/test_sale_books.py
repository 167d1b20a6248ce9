"""The seed's style and buy-all: into a sale, out at the punk's next one."""

from shared.backtest.simulation import BookRun
from shared.backtest.terms import Terms
from shared.units import ETH
from tests.factories.feed import START, Feed, play


def played(feed: Feed, days: int = 2) -> dict[str, BookRun]:
    for hour in range(0, days * 24, 12):
        feed.nowcast(float(hour), {1: 50.0, 2: 50.0})
    return {book.name: book for book in play(feed.days(days), Terms(resamples=10)).books()}


def test_a_sale_below_the_value_is_bought_and_left_at_the_next_one() -> None:
    feed = Feed()
    feed.sale(1, 3, 44.0, value=50.0)
    feed.sale(2, 4, 55.0, value=50.0)
    feed.sale(1, 30, 53.0, value=50.0)
    books = played(feed)
    (trade,) = books["seed_style"].trades
    assert (trade.entry.at, trade.exit.at) == (START + 3 * 3600, START + 30 * 3600)
    assert trade.gain_wei == 9 * ETH
    assert len(books["buy_all"].trades) == 3


def test_the_next_sale_below_the_value_is_both_exit_and_entry() -> None:
    feed = Feed()
    feed.sale(1, 3, 44.0, value=50.0)
    feed.sale(1, 30, 46.0, value=50.0)
    left, entered = played(feed)["seed_style"].trades
    assert left.exit.ref == entered.entry.ref
    assert entered.exit is None


def test_a_price_at_the_value_an_excluded_sale_and_one_without_a_value_are_not_bought() -> None:
    feed = Feed()
    feed.sale(1, 3, 50.0, value=50.0)
    feed.sale(1, 4, 10.0, value=50.0, valid=False)
    feed.sale(1, 5, 10.0)
    books = played(feed)
    assert not books["seed_style"].trades
    assert len(books["buy_all"].trades) == 1


def test_the_book_holds_no_cash_and_its_return_is_that_of_the_money_at_work() -> None:
    feed = Feed()
    feed.sale(1, 3, 40.0, value=50.0)
    feed.sale(1, 30, 44.0, value=40.0)
    days = played(feed)["seed_style"].days
    assert [day.cash for day in days] == [0, 0]
    assert (days[0].paid_in, days[1].paid_out) == (40 * ETH, 44 * ETH)

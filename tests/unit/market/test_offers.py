"""The fold of offers against the rule's definition."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.offers import EVENT_COLUMNS, Offer, OfferBook
from tests.factories.market import busy_events
from tests.factories.market_story import Event, event_frame
from tests.factories.plain_market import PlainOffer, plain_offers

ANN, BOB, EVE = (f"0x{name:040x}" for name in (1, 2, 3))


def folded(events: pl.DataFrame, cuts: list[int]) -> tuple[OfferBook[int], list[PlainOffer]]:
    """The book after `events` and all offers there were; at each cut a new book starts from what stood."""
    book, offers = OfferBook[int](), list[PlainOffer]()
    for place, (seq, *event) in enumerate(events.select("seq", *EVENT_COLUMNS).iter_rows()):
        if place in cuts:
            book = OfferBook(book.standing())
        offers += [PlainOffer(*ended, seq, event[1]) for ended in book.apply(seq, *event)]
    offers += [PlainOffer(*offer, None, None) for offer in book.standing()]
    return book, sorted(offers, key=lambda offer: offer.since)


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 249), max_size=4))
def test_every_offer_is_the_one_of_the_definition_wherever_the_fold_was_resumed(seed: int, cuts: list[int]) -> None:
    events = busy_events(seed, count=250)
    assert folded(events, cuts)[1] == plain_offers(events)


def asks_and_private(*story: Event) -> tuple[list[int], list[int]]:
    book, _ = folded(event_frame(*story), [])
    assert book.asks() == [ask for punk in book.listings if (ask := book.ask(punk))]
    asks = [ask.punk_id for ask in book.asks()]
    return asks, [punk for punk in book.listings if punk not in asks]


def test_private_listings_and_gifts_stand_but_are_no_asks() -> None:
    assert asks_and_private(
        Event("listed", 1, 40.0, sender=ANN),
        Event("listed", 2, 30.0, sender=ANN, receiver=BOB),
        Event("listed", 3, 0.0, sender=ANN),
    ) == ([1], [2, 3])


def test_a_private_listing_ends_the_public_ask_before_it() -> None:
    story = (Event("listed", 1, 5.0, sender=ANN), Event("listed", 1, 5.0, sender=ANN, receiver=BOB))
    assert asks_and_private(*story) == ([], [1])


@pytest.mark.parametrize("ending", ["delisted", "sale", "transfer", "wrap", "unwrap", "claim"])
def test_what_ends_a_listing_takes_it_off_the_book(ending: str) -> None:
    _, (ask,) = folded(event_frame(Event("listed", 1, 5.0, sender=ANN), Event(ending, 1, 5.0, receiver=BOB)), [])
    assert (ask.kind, ask.maker, ask.until, ask.ended_by) == ("ask", ANN, 2, ending)


@pytest.mark.parametrize(
    ("event", "stands"),
    [
        (Event("bid_withdrawn", 1, 5.0, sender=EVE), False),
        (Event("sale", 1, 5.0, sender=ANN, receiver=EVE, accepted=True), False),
        (Event("sale", 1, 9.0, sender=ANN, receiver=EVE), False),
        (Event("transfer", 1, sender=ANN, receiver=EVE), False),
        (Event("bid", 1, 0.0, sender=BOB), False),
        (Event("sale", 1, 9.0, sender=ANN, receiver=BOB), True),
        (Event("wrap", 1, sender=ANN, receiver=BOB), True),
        (Event("listed", 1, 9.0, sender=ANN), True),
        (Event("listed", 1, 9.0, sender=ANN, receiver=EVE), True),
        (Event("sale", 2, 5.0, sender=ANN, receiver=EVE, accepted=True), True),
    ],
)
def test_a_bid_stands_until_it_ends_or_its_bidder_has_the_punk(event: Event, stands: bool) -> None:
    book, (bid, *_) = folded(event_frame(Event("bid", 1, 5.0, sender=EVE), event), [])
    assert book.bids == ({1: Offer(1, "bid", 5 * 10**18, EVE, None, 1)} if stands else {})
    assert (bid.until, bid.ended_by) == ((None, None) if stands else (2, event.kind))


def test_a_bid_of_nothing_is_no_offer() -> None:
    assert folded(event_frame(Event("bid", 1, 0.0, sender=EVE)), [])[1] == []

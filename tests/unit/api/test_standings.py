"""Asks and bids stand from the event that places them to the one that ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.api.repositories.history import EventThen
from services.api.standings import asks, bids, within

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
ANN, BEN, CAT = "0xann", "0xben", "0xcat"


def at(hour: int) -> datetime:
    return BEGIN + timedelta(hours=hour)


def event(
    kind: str,
    hour: int,
    price: str | None = None,
    sender: str | None = None,
    receiver: str | None = None,
    sale_kind: str | None = None,
) -> EventThen:
    return EventThen(kind, at(hour), price, sender, receiver, sale_kind)


@pytest.mark.parametrize("end", ["delisted", "sale", "transfer", "wrap", "unwrap"])
def test_an_ask_ends_with_what_ends_it(end: str) -> None:
    (ask,) = asks([event("listed", 1, "5", ANN), event("bid", 2, "3", BEN), event(end, 3, "5", ANN, BEN)])
    assert (ask.price_wei, ask.by, ask.start, ask.end, ask.ended_by) == ("5", ANN, at(1), at(3), end)


def test_a_new_listing_ends_the_one_before_and_private_or_free_ones_are_no_asks() -> None:
    found = asks(
        [
            event("listed", 1, "5", ANN),
            event("listed", 2, "4", ANN),
            event("listed", 3, "3", ANN, BEN),
            event("listed", 4, "0", ANN),
            event("listed", 5, "7", ANN),
        ]
    )
    assert [(ask.price_wei, ask.end) for ask in found] == [("5", at(2)), ("4", at(3)), ("7", None)]


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        (event("bid_withdrawn", 3, None, BEN), True),
        (event("bid", 3, "9", CAT), True),
        (event("sale", 3, "5", ANN, BEN, "accept_bid"), True),
        (event("sale", 3, "5", ANN, BEN, "buy"), True),
        (event("transfer", 3, None, ANN, BEN), True),
        (event("sale", 3, "5", ANN, CAT, "buy"), False),
        (event("transfer", 3, None, ANN, CAT), False),
        (event("listed", 3, "9", ANN), False),
    ],
)
def test_a_bid_ends_when_it_is_taken_back_topped_accepted_or_its_bidder_owns_the_punk(
    end: EventThen, ends: bool
) -> None:
    bid = bids([event("bid", 1, "5", BEN), end])[0]
    assert (bid.end == at(3)) is ends
    assert (bid.ended_by == end.event_type) is ends


def test_a_window_shows_what_stood_in_it_at_any_time() -> None:
    found = asks([event("listed", 1, "5", ANN), event("delisted", 3), event("listed", 6, "7", ANN)])
    assert [ask.price_wei for ask in within(found, at(2), at(4))] == ["5"]
    assert [ask.price_wei for ask in within(found, at(3), at(6))] == []
    assert [ask.price_wei for ask in within(found, at(2), None)] == ["5", "7"]
    assert [ask.price_wei for ask in within(found, None, at(6))] == ["5"]

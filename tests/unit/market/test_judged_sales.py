from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.valid_sales import Exclusion
from tests.factories import market
from tests.factories.market import busy_events
from tests.factories.market_story import Event, event_frame

ANN, BOB, EVE, VAULT = (f"0x{name:040x}" for name in (1, 2, 3, 4))
HOUR = timedelta(hours=1)


def reasons(*story: Event) -> list[Exclusion | None]:
    return [sale.excluded for sale in market.timeline(event_frame(*story)).sales]


def test_a_plain_sale_counts_and_knows_the_lowest_price_that_is_asked_for_another():
    events = event_frame(
        Event("listed", 7, 40.0, sender=EVE),
        Event("listed", 8, 0.0, sender=EVE),
        Event("listed", 1, 39.0, sender=ANN),
        Event("sale", 1, 39.0, sender=ANN, receiver=BOB),
    )
    (sale,) = market.timeline(events).sales
    assert (sale.excluded, sale.floor_wei) == (None, 40 * 10**18)


def test_a_buyer_who_held_the_punk_earlier_in_the_transaction_bought_from_itself():
    assert reasons(
        Event("transfer", 1, sender=EVE, receiver=ANN),
        Event("transfer", 1, sender=ANN, receiver=BOB, tx=9, after=2 * 24 * HOUR),
        Event("sale", 1, 40.0, sender=BOB, receiver=ANN, tx=9),
    ) == [Exclusion.SELF_SALE]


@pytest.mark.parametrize(("hours", "reason"), [(24, Exclusion.SELF_SALE), (25, None)])
def test_a_buyer_who_handed_the_punk_to_the_seller_within_a_day_bought_from_itself(hours, reason):
    assert reasons(
        Event("transfer", 1, sender=ANN, receiver=ANN),
        Event("transfer", 1, sender=ANN, receiver=BOB, after=48 * HOUR),
        Event("sale", 1, 40.0, sender=BOB, receiver=ANN, after=hours * HOUR),
    ) == [reason]


def test_a_punk_that_goes_back_to_the_seller_in_the_same_transaction_was_not_sold():
    story = [
        Event("sale", 1, 40.0, sender=ANN, receiver=BOB, tx=5),
        Event("transfer", 1, sender=BOB, receiver=EVE, tx=5),
        Event("transfer", 1, sender=EVE, receiver=ANN, tx=5),
    ]
    assert reasons(*story) == [Exclusion.ROUND_TRIP]
    assert reasons(*story[:2]) == [None]
    later = [*story[:2], Event("transfer", 1, sender=EVE, receiver=ANN, tx=6)]
    assert reasons(*later) == [None]


def test_an_arbitrage_through_a_vault_is_a_sale_and_a_custody_move():
    assert reasons(
        Event("transfer", 1, sender=VAULT, receiver=ANN),
        Event("sale", 1, 40.0, sender=ANN, receiver=BOB, tx=5, after=HOUR),
        Event("sale", 1, 0.0, sender=BOB, receiver=VAULT, tx=5),
    ) == [None, Exclusion.CUSTODY_MOVE]


@pytest.mark.parametrize(
    ("hours", "giver", "reason"), [(24, BOB, Exclusion.DUPLICATE), (25, BOB, None), (2, EVE, None)]
)
def test_a_sale_that_was_undone_by_a_transfer_is_not_counted_once_more(hours, giver, reason):
    between = [] if giver == BOB else [Event("transfer", 1, sender=BOB, receiver=EVE)]
    assert reasons(
        Event("sale", 1, 40.0, sender=ANN, receiver=BOB),
        *between,
        Event("transfer", 1, sender=giver, receiver=ANN),
        Event("sale", 1, 41.0, sender=ANN, receiver=VAULT, at=hours * HOUR),
    ) == [None, reason]


def test_a_custody_move_there_and_back_does_not_taint_the_sale_after_it():
    assert reasons(
        Event("sale", 1, 0.0, sender=ANN, receiver=VAULT),
        Event("transfer", 1, sender=VAULT, receiver=ANN),
        Event("sale", 1, 41.0, sender=ANN, receiver=BOB, after=HOUR),
    ) == [Exclusion.CUSTODY_MOVE, None]


@pytest.mark.parametrize(("listed_in", "reason"), [(5, Exclusion.FLASH_LOAN), (4, None)])
def test_an_ask_far_above_the_floor_counts_only_if_it_was_on_offer_before(listed_in, reason):
    assert reasons(
        Event("listed", 7, 40.0, sender=EVE),
        Event("listed", 1, 900.0, sender=ANN, tx=listed_in),
        Event("sale", 1, 900.0, sender=ANN, receiver=BOB, tx=5),
    ) == [reason]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (None, None),
        (Event("bid_withdrawn", 8, 5_000.0, sender=EVE), Exclusion.FLASH_LOAN),
        (Event("transfer", 8, sender=BOB, receiver=EVE), Exclusion.FLASH_LOAN),
        (Event("transfer", 8, sender=BOB, receiver=ANN), None),
        (Event("bid", 8, 5.0, sender=BOB), Exclusion.FLASH_LOAN),
    ],
)
def test_a_standing_bid_bears_out_a_high_price_until_it_ends(ending, reason):
    assert reasons(
        Event("listed", 7, 40.0, sender=EVE),
        Event("bid", 8, 5_000.0, sender=EVE),
        *([ending] if ending else []),
        Event("listed", 1, 20_000.0, sender=ANN),
        Event("sale", 1, 20_000.0, sender=ANN, receiver=BOB, after=HOUR),
    ) == [reason]


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 399), data=st.data())
def test_no_later_transaction_changes_an_earlier_decision(seed, cut, data):
    events = busy_events(seed, count=400)
    # Cut where a transaction ends, as blocks do.
    while cut < events.height and events["tx_hash"][cut] == events["tx_hash"][cut - 1]:
        cut += 1
    known = market.timeline(events[:cut]).sales
    garbage = busy_events(data.draw(st.integers(20_000, 30_000)), count=400).with_columns(
        seq=pl.col("seq") + cut,
        block=pl.col("block") + 10_000,
        timestamp=pl.col("timestamp") + timedelta(days=60),
        tx_hash="0x" + pl.col("tx_hash").str.slice(2).str.replace_all("0", "f"),
    )
    for later in (events[cut:], garbage):
        assert market.timeline(pl.concat([events[:cut], later])).sales[: len(known)] == known


def test_the_simulated_transactions_meet_every_reason_that_rests_on_custody():
    met = set()
    for seed in range(12):
        met |= {sale.excluded for sale in market.timeline(busy_events(seed, count=400)).sales}
    assert {None, Exclusion.SELF_SALE, Exclusion.ROUND_TRIP, Exclusion.DUPLICATE, Exclusion.CUSTODY_MOVE} <= met


def test_the_owner_is_whoever_got_the_punk_last():
    claimed, sold = Event("claim", 1, receiver=ANN), Event("sale", 1, 9.0, sender=ANN, receiver=BOB)
    timeline = market.timeline(event_frame(claimed, sold))
    assert (timeline.owner(1), timeline.owner(2)) == (BOB, None)


def test_a_frame_out_of_order_changes_nothing():
    events = event_frame(Event("listed", 1, 9.0, sender=ANN), Event("listed", 2, 8.0, sender=ANN))
    timeline = market.timeline(events[1:])
    with pytest.raises(ValueError, match="event 1 at"):
        timeline.apply(events[:1])
    assert timeline.asks_now.asks() == [(8 * 10**18, 2)]
    assert datetime.fromtimestamp(int(timeline.events.times[-1]), UTC) == events["timestamp"][1]

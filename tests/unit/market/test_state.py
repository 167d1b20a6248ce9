"""The vectorised state against the incremental fold and against plain Python."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.simulated import SimulatedMarket
from shared.market.state import PUNK_STATE_SCHEMA, MarketState, state_at
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.units import WEI_PER_ETH
from tests.factories import busy_market, market
from tests.factories.busy_market import busy_events
from tests.factories.market_story import BEGAN, Told, told

TRAITS = Traits.from_frame(market.punks_frame())
ANN, BOB, EVE = (f"0x{name:040x}" for name in (1, 2, 3))
END = datetime(2100, 1, 1, tzinfo=UTC)


def folded(events: pl.DataFrame, as_of: datetime) -> MarketTimeline:
    timeline = MarketTimeline(TRAITS)
    timeline.apply(events.filter(pl.col("timestamp") < as_of))
    return timeline


def assert_equal(state: MarketState, timeline: MarketTimeline) -> None:
    asks = [(int(wei), punk) for punk, wei in state.book.select("punk_id", "ask_wei").iter_rows()]
    assert asks == timeline.asks_now.asks()
    assert state.floor() == timeline.asks_now.floor()
    ranks = [1, 2, 3, 5, 10]
    assert state.ladder(ranks) == [asks[rank - 1][0] / WEI_PER_ETH if rank <= len(asks) else None for rank in ranks]
    for row in state.punks.iter_rows(named=True):
        punk = row["punk_id"]
        assert row["owner"] == timeline.owner(punk)
        bid = None if row["bid_wei"] is None else (row["bidder"], int(row["bid_wei"]))
        assert bid == timeline.standing_bid(punk)
        others = state.floor(without=punk)
        assert (others[0] if others else None) == timeline.asks_now.floor_without(punk)
        sales = [sale for sale in timeline.sales if sale.punk_id == punk]
        last = (str(sales[-1].price_wei), sales[-1].kind) if sales else (None, None)
        assert (row["last_sale_wei"], row["last_sale_kind"]) == last
    floors = state.trait_floors(TRAITS)
    by_trait: dict[int, list[int]] = {}
    for wei, punk in timeline.asks_now.asks():
        for trait in TRAITS.trait_lists[punk]:
            by_trait.setdefault(trait, []).append(wei)
    assert floors["trait"].to_list() == sorted(by_trait)
    for row in floors.iter_rows(named=True):
        first, *others = by_trait[row["trait"]]
        assert row["floor_wei"] == str(first)
        assert row["second_wei"] == (str(others[0]) if others else None)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), minutes=st.integers(-10, 60_000))
def test_the_state_at_any_instant_equals_the_fold_of_what_came_strictly_before(seed, minutes):
    events = busy_events(seed)
    as_of = busy_market.BEGAN + timedelta(minutes=minutes)
    assert_equal(state_at(events, as_of), folded(events, as_of))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), place=st.integers(0, 399))
def test_an_event_at_the_very_instant_is_not_seen_yet(seed, place):
    events = busy_events(seed)
    as_of = events["timestamp"][place]
    assert_equal(state_at(events, as_of), folded(events, as_of))


@pytest.fixture(scope="module")
def simulated() -> pl.DataFrame:
    market_ = SimulatedMarket(seed=3, days=20, history_days=60)
    return market_._market.events.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))


@settings(max_examples=3, deadline=None)
@given(share=st.floats(0, 1.1))
def test_the_state_of_a_simulated_market_equals_its_fold(simulated, share):
    first, last = simulated["timestamp"][0], simulated["timestamp"][-1]
    as_of = first + (last - first) * share
    assert_equal(state_at(simulated, as_of), folded(simulated, as_of))


def test_private_listings_and_gifts_stand_but_are_no_asks():
    state = state_at(
        told(
            Told("listed", 1, 40.0, sender=ANN),
            Told("listed", 2, 30.0, sender=ANN, receiver=BOB),
            Told("listed", 3, 0.0, sender=ANN),
            Told("listed", 4, 20.0, sender=ANN),
            Told("delisted", 4, sender=ANN),
        ),
        END,
    )
    assert (state.listings, state.floor()) == (3, (40 * 10**18, 1))
    listings = state.punks.select("punk_id", "ask_wei", "private_ask_wei", "private_buyer").rows()
    assert listings == [
        (1, str(40 * 10**18), None, None),
        (2, None, str(30 * 10**18), BOB),
        (3, None, "0", None),
        (4, None, None, None),
    ]
    assert state.punks["listed_since"].to_list() == [*[BEGAN + timedelta(minutes=n) for n in (1, 2, 3)], None]


@pytest.mark.parametrize(
    ("event", "stands"),
    [
        (Told("bid_withdrawn", 1, 5.0, sender=EVE), False),
        (Told("sale", 1, 5.0, sender=ANN, receiver=EVE, accepted=True), False),
        (Told("sale", 1, 9.0, sender=ANN, receiver=EVE), False),
        (Told("transfer", 1, sender=ANN, receiver=EVE), False),
        (Told("sale", 1, 9.0, sender=ANN, receiver=BOB), True),
        (Told("wrap", 1, sender=ANN, receiver=BOB), True),
        (Told("sale", 2, 5.0, sender=ANN, receiver=EVE, accepted=True), True),
    ],
)
def test_a_bid_stands_until_it_is_withdrawn_or_accepted_or_its_bidder_has_the_punk(event, stands):
    events = told(Told("bid", 1, 5.0, sender=EVE), event)
    (bidder,) = state_at(events, END).punks.filter(pl.col("punk_id") == 1)["bidder"]
    assert (bidder == EVE) is stands
    assert (folded(events, END).standing_bid(1) is not None) is stands


def test_amounts_beyond_every_number_type_keep_their_order():
    events = told(Told("listed", 1, 9.0, sender=ANN), Told("listed", 2, 9.0, sender=ANN), Told("listed", 3, 9.0))
    events = events.with_columns(price_wei=pl.Series([f"1{'0' * 70}1", f"1{'0' * 71}", "9"]))
    assert state_at(events, END).book["punk_id"].to_list() == [3, 2, 1]


def test_the_wall_counts_and_sums_what_is_asked_above_the_floor():
    events = told(*[Told("listed", punk, price, sender=ANN) for punk, price in enumerate((10.0, 10.5, 11.0, 20.0))])
    assert state_at(events, END).wall([0.0, 0.05, 0.5, 9.0]).rows() == [
        (0.0, 1, 10.0),
        (0.05, 2, 20.5),
        (0.5, 3, 31.5),
        (9.0, 4, 51.5),
    ]


def test_before_the_first_event_there_is_nothing():
    state = state_at(busy_events(1), busy_market.BEGAN)
    assert (state.punks.height, state.punks.schema, state.floor()) == (0, PUNK_STATE_SCHEMA, None)
    assert (state.listings, state.ladder([1]), state.wall([0.1])["asks"].to_list()) == (0, [None], [0])
    assert state.trait_floors(TRAITS).is_empty()

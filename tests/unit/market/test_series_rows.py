from datetime import timedelta

import numpy as np
import pytest

from shared.market.series_rows import (
    ACQUISITION_KINDS,
    LARGEST_ERROR,
    LARGEST_MARKET_ERROR,
    OWNER_HALF_LIFE_S,
    PUNK_HALF_LIFE_S,
    FloorSale,
    LowestAsks,
    OwnerChange,
    OwnerRecord,
    PunkSale,
    ValidSale,
)
from shared.market.timeline import MarketTimeline
from tests.factories import market
from tests.factories.market_story import Event, event_frame

TRAITS = market.TRAITS
ANN, BOB, EVE = (f"0x{name:040x}" for name in (1, 2, 3))
# Three punks alike in every trait, so that the index tells them apart by nothing.
ALIKE = np.flatnonzero((TRAITS.members == TRAITS.members[(TRAITS.type_code == 0).argmax()]).all(axis=1))
ONE, TWO, SIX = (int(punk) for punk in ALIKE[:3])
DAY = timedelta(days=1)


def folded(*story: Event) -> MarketTimeline:
    return market.timeline(event_frame(*story), TRAITS)


def test_the_two_lowest_asks_are_recorded_whenever_they_change():
    timeline = folded(
        Event("listed", 7, 40.0, sender=EVE),
        Event("listed", 8, 39.0, sender=EVE),
        Event("listed", 9, 50.0, sender=EVE),
        Event("listed", 6, 1.0, sender=EVE, receiver=BOB),
        *(Event("delisted", punk, sender=EVE) for punk in (8, 8, 7, 9)),
    )
    rows = [LowestAsks(*row) for row in timeline.lows.rows]
    np.testing.assert_equal(
        [(row.punk, row.lowest, row.second) for row in rows],
        [(7, 40.0, np.nan), (8, 39.0, 40.0), (7, 40.0, 50.0), (9, 50.0, np.nan), (-1, np.nan, np.nan)],
    )


def test_every_change_of_owner_is_kept_with_its_way():
    ways = ("claim", "transfer", "wrap", "unwrap")
    owners = [ANN, BOB, EVE, ANN]
    timeline = folded(
        *[Event(way, 1, receiver=owner) for way, owner in zip(ways, owners, strict=True)],
        Event("sale", 1, 9.0, sender=ANN, receiver=BOB),
        Event("sale", 1, 9.0, sender=BOB, receiver=EVE, accepted=True),
    )
    rows = [OwnerChange(*row) for row in timeline.owner_changes.rows]
    assert [row.way for row in rows] == [ACQUISITION_KINDS[way] for way in (*ways, "buy", "accept_bid")]
    assert [row.before for row in rows[1:]] == [row.owner for row in rows[:-1]]
    assert rows[0].owner == rows[3].owner != rows[1].owner
    assert [row.time for row in rows] == timeline.owner_changes.times.tolist()


def test_a_punks_sales_add_up_with_half_lives():
    timeline = folded(
        Event("listed", SIX, 10.0, sender=EVE),
        Event("sale", ONE, 10.0, sender=ANN, receiver=BOB),
        Event("sale", ONE, 11.0, sender=BOB, receiver=EVE, after=100 * DAY),
    )
    first, second = (PunkSale(*row) for row in timeline.punk_sales.rows)
    states = timeline.index.states.rows.astype(np.float64)
    decay = 0.5 ** (100 * 86_400 / PUNK_HALF_LIFE_S)
    assert (first.number, second.number, first.weight, first.errors) == (1, 2, 1.0, 0.0)
    assert second.weight == pytest.approx(1.0 + decay)
    assert second.errors == pytest.approx(np.log(11.0 / 10.0), abs=1e-6)
    assert (first.log_price, first.log_floor) == (np.log(10.0), np.log(10.0))
    assert [first.level, second.level] == pytest.approx(states[:, 0], abs=1e-6)
    assert second.ratios == pytest.approx(
        (first.log_price - first.level) * decay + second.log_price - second.level, abs=1e-6
    )


def test_errors_are_clipped_for_the_market_and_less_for_the_punk():
    timeline = folded(
        Event("listed", SIX, 10.0, sender=EVE),
        Event("sale", ONE, 10.0, sender=ANN, receiver=BOB),
        Event("sale", TWO, 90.0, sender=ANN, receiver=EVE, after=DAY),
        Event("sale", ONE, 5.1, sender=BOB, receiver=ANN, accepted=True, after=200 * DAY),
    )
    sums = [ValidSale(*row) for row in timeline.valid_sales.rows]
    assert [row.errors for row in sums] == [0.0, LARGEST_MARKET_ERROR, pytest.approx(0.0)]
    assert [row.accepted_bids for row in sums] == [0, 0, 1]
    assert PunkSale(*timeline.punk_sales.rows[1]).errors == LARGEST_ERROR


def test_sellers_and_buyers_keep_their_own_records():
    timeline = folded(
        Event("listed", SIX, 10.0, sender=EVE),
        Event("transfer", ONE, receiver=ANN),
        Event("transfer", TWO, receiver=ANN),
        Event("sale", ONE, 10.0, sender=ANN, receiver=BOB, after=2 * DAY),
        Event("sale", TWO, 11.0, sender=ANN, receiver=BOB, after=90 * DAY),
        Event("sale", ONE, 12.0, sender=BOB, receiver=EVE, after=90 * DAY),
    )
    number = timeline._owner_ids
    sold, bought = timeline.sold_by, timeline.bought_by
    assert sold.keys.tolist() == [number[ANN], number[ANN], number[BOB]]
    assert bought.keys.tolist() == [number[BOB], number[BOB], number[EVE]]
    records = [OwnerRecord(*row) for row in sold.rows]
    decay = 0.5 ** (90 * 86_400 / OWNER_HALF_LIFE_S)
    assert [record.number for record in records] == [1, 2, 1]
    assert [record.weight for record in records] == [1.0, pytest.approx(1.0 + decay), 1.0]
    errors = np.diff([0.0, *timeline.valid_sales.rows[:, 0]])
    assert [record.errors for record in records] == [0.0, pytest.approx(errors[1]), pytest.approx(errors[2])]
    assert sold.rows[:2].tolist() == bought.rows[:2].tolist()


def test_a_floor_sale_keeps_whose_ask_it_was_measured_against_and_the_measure_without_it():
    timeline = folded(
        Event("listed", 7, 10.0, sender=EVE),
        Event("listed", 8, 12.0, sender=EVE),
        Event("listed", ONE, 9.0, sender=ANN),
        Event("sale", ONE, 9.0, sender=ANN, receiver=BOB),
    )
    (row,) = (FloorSale(*row) for row in timeline.floor_sales.rows)
    assert row == FloorSale(np.log(9.0), np.log(9.0) - np.log(10.0), np.log(9.0) - np.log(12.0), 7)


def test_a_sale_that_does_not_count_leaves_no_mark_but_the_change_of_owner():
    timeline = folded(
        Event("listed", 7, 10.0, sender=EVE),
        Event("sale", ONE, 1.0, sender=ANN, receiver=BOB),
        Event("sale", TWO, 0.0, sender=ANN, receiver=BOB),
    )
    for name in ("valid_sales", "floor_sales", "punk_sales", "sold_by", "bought_by"):
        assert len(getattr(timeline, name).times) == 0, name
    assert len(timeline.index.states.times) == 0
    assert len(timeline.owner_changes.times) == 2


def test_bids_are_recorded_when_they_are_placed_and_when_they_end():
    timeline = folded(
        Event("bid", 1, 5.0, sender=EVE),
        Event("bid", 1, 6.0, sender=BOB),
        Event("bid_withdrawn", 1, 6.0, sender=BOB),
        Event("bid", 2, 7.0, sender=EVE),
        Event("sale", 2, 7.0, sender=ANN, receiver=EVE, accepted=True),
        Event("bid", 3, 8.0, sender=EVE),
        Event("transfer", 3, receiver=EVE),
        Event("bid", 4, 8.0, sender=EVE),
        Event("transfer", 4, receiver=BOB),
    )
    rows = list(zip(timeline.bids.keys.tolist(), timeline.bids.rows[:, 0].tolist(), strict=True))
    nan = pytest.approx(float("nan"), nan_ok=True)
    assert rows == [(1, 5.0), (1, 6.0), (1, nan), (2, 7.0), (2, nan), (3, 8.0), (3, nan), (4, 8.0)]

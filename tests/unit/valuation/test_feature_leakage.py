"""The leakage tests of the real feature function: no future, no sale of its own, no ask or bid on the punk itself."""

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.market.event_types import OWNER_CHANGES
from shared.market.prices import DailyPrices
from shared.market.reference_data import packaged_punks
from shared.market.series import TimeSeries
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.valuation.features import compute
from shared.valuation.inputs import nowcast_snapshot
from tests.factories import market
from tests.factories.feature_market import CLEAN, EVENTS, PRICES, SPAN, TRAITS, assert_same, column, features_at
from tests.factories.market import poison


@settings(max_examples=20)
@given(st.integers(0, SPAN), st.integers(0, 10**6))
def test_poisoning_the_future_changes_no_feature_of_the_past(offset, seed):
    as_of = market.START + offset
    poisoned = market.timeline(poison(EVENTS, as_of, seed), TRAITS)
    # Closes of days that had not ended are poisoned too.
    closes = np.where((PRICES.days + 1) * 86_400 > as_of, 1e9, PRICES.closes)
    assert_same(features_at(CLEAN, as_of), features_at(poisoned, as_of, DailyPrices(PRICES.days, closes)))


@settings(max_examples=12)
@given(st.integers(0, EVENTS.height - 1))
def test_cutting_the_history_at_the_instant_changes_no_feature(kept):
    as_of = market.START + kept * market.STEP_S
    cut = market.timeline(EVENTS[:kept], TRAITS)
    assert_same(features_at(CLEAN, as_of), features_at(cut, as_of))


def last_change(events: pl.DataFrame, punk: int) -> int:
    """Number of the punk's last change of owner, 0 where there was none."""
    changes = events.filter((pl.col("punk_id") == punk) & pl.col("event_type").is_in(OWNER_CHANGES))
    return int(changes["seq"].max() or 0)


def judged(folded: MarketTimeline) -> list[tuple[object, bool]]:
    return [(sale.excluded, sale.floor_wei is None) for sale in folded.sales]


def own_book(events: pl.DataFrame, punk: int) -> pl.Expr:
    """The punk's asks and bids, and what ends them, since its last change of owner."""
    kinds = pl.col("event_type").is_in(["listed", "delisted", "bid", "bid_withdrawn"])
    return (pl.col("punk_id") == punk) & kinds & (pl.col("seq") > last_change(events, punk))


# From below every other ask and bid, through the midst of them, to far above.
OTHER_PRICES = st.lists(st.sampled_from([1, 7_000, 9_500, 10_200, 11_000, 13_000, 16_000, 90_000, 10**7]), min_size=8)


@settings(max_examples=50)
@given(
    st.integers(30, EVENTS.height),
    st.integers(0, 119),
    st.one_of(st.none(), OTHER_PRICES),
    st.lists(st.floats(0, 1), max_size=3),
)
def test_a_punks_own_asks_and_bids_since_it_changed_hands_change_nothing_about_itself(position, punk, milli, earlier):
    """Gone (None) or at any other price: also those that were the floor, the lowest of their kind or the highest bid.

    Nothing the punk's features of any instant since its last change of owner say may differ by a byte.
    """
    known = EVENTS[:position]
    own = own_book(known, punk)
    if milli is None:
        other = known.filter(~own)
    else:
        drawn = pl.Series([f"{milli[n % len(milli)]}{'0' * 15}" for n in range(known.height)])
        replaced = own & pl.col("event_type").is_in(["listed", "bid"])
        other = known.with_columns(price_wei=pl.when(replaced).then(drawn).otherwise(pl.col("price_wei")))
    one_market, other_market = (market.timeline(events, TRAITS) for events in (known, other))
    # Which sales of others count may rest on any ask (`valid_sales`): the one exception.
    assume(judged(one_market) == judged(other_market))
    since = max(last_change(known, punk), 1)
    start, end = market.START + (since - 1) * market.STEP_S + 1, market.START + position * market.STEP_S
    as_of = np.array([end, *(int(start + share * (end - start)) for share in earlier)], dtype=np.int64)
    punks = np.full(len(as_of), punk)
    assert_same(*(compute(folded, PRICES, punks, as_of) for folded in (one_market, other_market)))


@pytest.mark.parametrize("price", [1, 8_000, 10**6])
def test_asks_and_bids_put_on_a_punk_change_nothing_about_it_but_something_about_every_other(price):
    """The test above with teeth: the same market without and with what one owner and its bidders might do."""
    known = EVENTS[:1_200]
    punk = min(range(120), key=lambda punk: last_change(known, punk) or 10**6)
    known = known.filter(~own_book(known, punk))
    # Every ninth ask or bid is none in the quiet market and of this punk in the loud one.
    offered = pl.col("event_type").is_in(["listed", "bid"])
    moved = offered & (pl.col("seq") > last_change(known, punk)) & (pl.col("seq") % 9 == 0)
    quiet = known.filter(~moved)
    loud = known.with_columns(
        punk_id=pl.when(moved).then(pl.lit(punk, pl.Int32)).otherwise("punk_id"),
        price_wei=pl.when(moved).then(pl.lit(f"{price}{'0' * 15}")).otherwise("price_wei"),
        to_address=pl.when(moved).then(None).otherwise("to_address"),
    )
    assert loud.filter(moved).group_by("event_type").len()["len"].min() > 5
    timelines = [market.timeline(events, TRAITS) for events in (quiet, loud)]
    assert judged(timelines[0]) == judged(timelines[1])
    one, other = (features_at(folded, market.START + 1_200 * market.STEP_S) for folded in timelines)
    changed = [not one[row].equals(other[row]) for row in range(120)]
    assert np.flatnonzero(np.logical_not(changed)).tolist() == [punk]
    assert one["floor_eth"][punk] == other["floor_eth"][punk]


@pytest.mark.parametrize("position", [50, 400, 1_499])
def test_floor_and_ladder_of_every_punk_are_those_of_the_other_punks_asks(position):
    folded = market.timeline(EVENTS[:position], TRAITS)
    asks = {punk: wei / 1e18 for wei, punk in folded.asks_now.asks()}
    rows = features_at(folded, market.START + position * market.STEP_S)
    fifth = column(rows, "ladder_5")
    for punk in range(120):
        others = sorted(price for other, price in asks.items() if other != punk)
        assert rows["floor_eth"][punk] == others[0]
        assert fifth[punk] == pytest.approx(np.log(others[4] / others[0]), abs=1e-6)


@pytest.mark.parametrize("kind", ["buy", "accept_bid"])
def test_a_sale_does_not_know_itself(kind):
    for sale in [s for s in CLEAN.sales[50:] if s.excluded is None and s.kind == kind][:3]:
        without = market.timeline(EVENTS.filter(pl.col("seq") != sale.event_seq), TRAITS)
        for before in (0, 1_800, 86_400):
            at = np.array([sale.time - before], dtype=np.int64)
            punk = np.array([sale.punk_id])
            assert_same(compute(CLEAN, PRICES, punk, at), compute(without, PRICES, punk, at))


def test_a_lookup_that_saw_its_own_instant_would_be_caught(monkeypatch):
    """The tests above have teeth: with lookups at or before the instant, the history cut there says something else."""
    kept = EVENTS.with_row_index().filter(pl.col("event_type") == "sale")["index"][100]
    as_of = market.START + kept * market.STEP_S
    cut = market.timeline(EVENTS[:kept], TRAITS)
    monkeypatch.setattr(
        TimeSeries, "count_before", lambda series, as_of: np.searchsorted(series.times, as_of, side="right")
    )
    with pytest.raises(AssertionError, match="level"):
        assert_same(features_at(CLEAN, as_of), features_at(cut, as_of))


def test_the_eth_price_of_a_day_is_unknown_until_the_day_is_over():
    day = int(PRICES.days[30])
    assert PRICES.known_at(np.array([day * 86_400 + 86_399])).tolist() == [PRICES.closes[29]]
    assert PRICES.known_at(np.array([(day + 1) * 86_400])).tolist() == [PRICES.closes[30]]
    assert np.isnan(PRICES.known_at(np.array([0]))).all()


def real_slice(market_data) -> tuple[pl.DataFrame, Traits]:
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1).slice(0, 60_000)
    events = events.with_columns(pl.col("seq").cast(pl.Int64))
    return events, Traits.from_frame(packaged_punks())


@pytest.mark.realdata
@pytest.mark.parametrize(("row", "seed"), [(30_000, 1), (45_123, 2)])
def test_no_other_future_of_the_real_market_changes_a_snapshot(market_data, row, seed):
    events, traits = real_slice(market_data)
    as_of = events["timestamp"][row]
    futures = events, poison(events, int(as_of.timestamp()), seed), events.filter(pl.col("timestamp") < as_of)
    snapshots = [nowcast_snapshot(market.timeline(known, traits), PRICES, as_of) for known in futures]
    assert len({snapshot.snapshot_id for snapshot in snapshots}) == 1


@pytest.mark.realdata
def test_real_asks_and_bids_on_a_punk_tell_nothing_about_it(market_data):
    """The punks with the lowest asks and the highest bids, each with its own book gone since it changed hands."""
    events, traits = real_slice(market_data)
    known = events[:45_000]
    folded = market.timeline(known, traits)
    as_of = int(known["timestamp"][-1].timestamp()) + 1
    lowest = [punk for _, punk in folded.asks_now.asks()[:2]]
    bids = sorted(folded.offers.bids, key=lambda punk: -folded.offers.bids[punk].price_wei)[:2]
    compared = 0
    for punk in {*lowest, *bids}:
        without = market.timeline(known.filter(~own_book(known, punk)), traits)
        if judged(folded) == judged(without):
            compared += 1
            at = np.array([as_of])
            assert_same(*(compute(timeline, PRICES, np.array([punk]), at) for timeline in (folded, without)))
    assert compared >= 2

"""The leakage tests of the real feature function."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.traits import Traits
from shared.valuation.features import FEATURE_NAMES, FEATURES, compute, schema_hash
from shared.valuation.inputs import nowcast_snapshot
from tests.factories import market
from tests.factories.market import poison

TRAITS = Traits.from_frame(market.punks_frame())
EVENTS = market.events_frame(3)
PRICES = market.prices()
CLEAN = market.timeline(EVENTS, TRAITS)
PUNKS = np.arange(200, dtype=np.int64)
SPAN = market.STEP_S * EVENTS.height


def features_at(folded, as_of):
    return compute(folded, PRICES, PUNKS, np.full(len(PUNKS), as_of, dtype=np.int64))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, SPAN), st.integers(0, 10**6))
def test_poisoning_the_future_changes_no_feature_of_the_past(offset, seed):
    as_of = market.START + offset
    poisoned = market.timeline(poison(EVENTS, as_of, seed), TRAITS)
    before, after = features_at(CLEAN, as_of), features_at(poisoned, as_of)
    assert before.matrix.tobytes() == after.matrix.tobytes()
    assert before.floor_eth.tobytes() == after.floor_eth.tobytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, EVENTS.height - 1))
def test_cutting_the_history_at_the_instant_changes_no_feature(kept):
    as_of = market.START + kept * market.STEP_S
    cut = market.timeline(EVENTS[:kept], TRAITS)
    assert features_at(CLEAN, as_of).matrix.tobytes() == features_at(cut, as_of).matrix.tobytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, EVENTS.height - 1), st.integers(0, 119), st.integers(1_000, 100_000))
def test_the_price_of_a_punks_own_standing_ask_changes_nothing_about_itself(position, punk, price):
    # Asks far above the floor: one that was the floor may have measured other punks' past sales.
    own = (pl.col("punk_id") == punk) & (pl.col("event_type") == "listed")
    asked = [
        EVENTS[:position].with_columns(
            price_wei=pl.when(own).then(pl.lit(f"{eth}{'0' * 18}")).otherwise(pl.col("price_wei"))
        )
        for eth in (1_000, price)
    ]
    as_of = np.array([market.START + position * market.STEP_S], dtype=np.int64)
    one, other = (compute(market.timeline(e, TRAITS), PRICES, np.array([punk]), as_of) for e in asked)
    assert one.matrix.tobytes() == other.matrix.tobytes()
    assert one.floor_eth.tobytes() == other.floor_eth.tobytes()


@pytest.mark.parametrize("position", [50, 400, 1_499])
def test_floor_and_ladder_of_every_punk_are_those_of_the_other_punks_asks(position):
    folded = market.timeline(EVENTS[:position], TRAITS)
    asks = {punk: wei / 1e18 for wei, punk in folded.asks_now.asks()}
    rows = features_at(folded, market.START + position * market.STEP_S)
    fifth = rows.matrix[:, FEATURE_NAMES.index("ladder_5")]
    for punk in range(120):
        others = sorted(price for other, price in asks.items() if other != punk)
        assert rows.floor_eth[punk] == others[0]
        assert fifth[punk] == pytest.approx(np.log(others[4] / others[0]), abs=1e-6)


def test_a_sale_does_not_know_itself():
    sale = next(s for s in CLEAN.sales[50:] if s.excluded is None)
    without = market.timeline(EVENTS.filter(pl.col("seq") != sale.event_seq), TRAITS)
    at = np.array([sale.time], dtype=np.int64)
    punk = np.array([sale.punk_id])
    assert compute(CLEAN, PRICES, punk, at).matrix.tobytes() == compute(without, PRICES, punk, at).matrix.tobytes()


def test_the_eth_price_of_a_day_is_unknown_until_the_day_is_over():
    day = int(PRICES.days[30])
    assert PRICES.known_at(np.array([day * 86_400 + 86_399])).tolist() == [PRICES.closes[29]]
    assert PRICES.known_at(np.array([(day + 1) * 86_400])).tolist() == [PRICES.closes[30]]
    assert np.isnan(PRICES.known_at(np.array([0]))).all()


def test_pairs_at_many_instants_equal_pairs_asked_one_by_one():
    generator = np.random.default_rng(0)
    punks = generator.integers(0, 200, 60)
    instants = market.START + generator.integers(0, SPAN, 60)
    together = compute(CLEAN, PRICES, punks, instants).matrix
    for row in range(60):
        alone = compute(CLEAN, PRICES, punks[row : row + 1], instants[row : row + 1]).matrix
        assert together[row].tobytes() == alone[0].tobytes()


def test_the_schema_names_every_column_once_and_its_hash_follows_it():
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert features_at(CLEAN, market.START + SPAN).frame().columns == list(FEATURE_NAMES)
    assert len(schema_hash()) == 64


def test_before_the_first_event_nothing_is_known_but_the_traits():
    rows = features_at(CLEAN, market.START)
    assert np.isnan(rows.floor_eth).all()
    assert np.isfinite(rows.matrix[:, FEATURE_NAMES.index("rarity_sum")]).all()


@pytest.mark.realdata
def test_poisoning_the_future_of_the_real_market_changes_no_snapshot(market_data):
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1).slice(0, 60_000)
    traits = Traits.from_frame(pl.read_parquet(market_data / "punks.parquet"))
    folded = market.timeline(events, traits)
    for row, seed in ((30_000, 1), (45_123, 2)):
        as_of = events["timestamp"][row]
        poisoned = market.timeline(poison(events, int(as_of.timestamp()), seed), traits)
        one, other = nowcast_snapshot(folded, PRICES, as_of), nowcast_snapshot(poisoned, PRICES, as_of)
        assert one.snapshot_id == other.snapshot_id

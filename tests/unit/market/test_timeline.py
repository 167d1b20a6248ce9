import datetime as dt
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from tests.factories import market

TRAITS = Traits.from_frame(market.punks_frame())
SERIES = (
    "book",
    "floor_sales",
    "valid_sales",
    "events",
    "asks",
    "trait_floors",
    "owner_changes",
    "punk_sales",
    "trait_sales",
)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, 399), max_size=5))
def test_folding_in_pieces_equals_folding_at_once(seed, cuts):
    events = market.events_frame(seed, count=400)
    whole, pieces = market.timeline(events, TRAITS), MarketTimeline(TRAITS)
    edges = [0, *sorted(cuts), 400]
    for start, end in pairwise(edges):
        pieces.apply(events[start:end])
    for name in SERIES:
        one, other = getattr(whole, name), getattr(pieces, name)
        assert np.array_equal(one.rows, other.rows, equal_nan=True), name
        assert np.array_equal(one.times, other.times), name
    assert whole.sales == pieces.sales


def test_events_out_of_contract_order_are_refused():
    events = market.events_frame(count=10)
    with pytest.raises(ValueError, match="not after"):
        market.timeline(events.reverse(), TRAITS)


def test_a_listing_to_one_address_is_no_ask_and_the_zero_address_means_everybody():
    events = market.events_frame(count=3).with_columns(
        event_type=pl.lit("listed"),
        price_wei=pl.lit(str(5 * 10**18)),
        sale_kind=pl.lit(None, pl.String),
        punk_id=pl.Series([1, 2, 3], dtype=pl.Int32),
        to_address=pl.Series([None, market.ZERO, "0x" + "9" * 40]),
    )
    assert sorted(market.timeline(events, TRAITS).asks_now._prices) == [1, 2]


@pytest.mark.parametrize("ending", ["delisted", "transfer", "wrap", "unwrap"])
def test_what_ends_a_listing_takes_it_off_the_book(ending):
    events = market.events_frame(count=2).with_columns(
        event_type=pl.Series(["listed", ending]),
        price_wei=pl.Series([str(5 * 10**18), None]),
        punk_id=pl.lit(1, pl.Int32),
        to_address=pl.lit(None, pl.String),
    )
    assert len(market.timeline(events, TRAITS).asks_now) == 0


@pytest.mark.realdata
def test_the_valid_sale_flag_agrees_with_the_reference_on_real_data(market_data):
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1)
    folded = market.timeline(events, Traits.from_frame(pl.read_parquet(market_data / "punks.parquet")))
    reference = pl.read_parquet(market_data / "sales_reference.parquet")
    assert [s.tx_hash for s in folded.sales] == reference["tx_hash"].to_list()
    ours = pl.Series([sale.excluded is None for sale in folded.sales])
    differs = reference.filter(ours != reference["clean"])
    assert differs.height <= 3
    assert differs.filter(pl.col("timestamp") >= dt.datetime(2020, 10, 1, tzinfo=dt.UTC)).is_empty()


@pytest.mark.realdata
def test_the_book_agrees_with_the_reference_floor_on_real_data(market_data):
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1)
    folded = market.timeline(events, Traits.from_frame(pl.read_parquet(market_data / "punks.parquet")))
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet").filter(
        pl.col("date") >= dt.date(2018, 1, 1)
    )
    day_ends = (reference["date"].cast(pl.Int32).to_numpy().astype(np.int64) + 1) * 86_400
    book = folded.book.last_before(day_ends)
    assert np.allclose(book[:, 1], reference["floor_eth"].to_numpy(), rtol=1e-12)

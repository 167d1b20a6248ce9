from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market.reference_data import packaged_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.market.valid_sales import Exclusion
from tests.factories import market

TRAITS = market.TRAITS
KEYED = ("asks", "bids", "owner_changes", "punk_sales", "sold_by", "bought_by")
SERIES = ("lows", "valid_sales", "floor_sales", "events", *KEYED)


@settings(max_examples=15)
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
    for name in KEYED:
        assert np.array_equal(getattr(whole, name).keys, getattr(pieces, name).keys), name
    for one, other in ((whole.index.states, pieces.index.states), (whole.index.variances, pieces.index.variances)):
        assert one.rows.tobytes() == other.rows.tobytes()
        assert np.array_equal(one.times, other.times)
    assert whole.sales == pieces.sales


def test_events_out_of_contract_order_are_refused():
    events = market.events_frame(count=10)
    with pytest.raises(ValueError, match="not after"):
        market.timeline(events.reverse(), TRAITS)


# Each is explained in docs/market.md.
DEVIATIONS = {
    (3989324, 2): Exclusion.FAR_BELOW_FLOOR,
    (4143089, 6): Exclusion.FAR_BELOW_FLOOR,
    (10951969, 162): Exclusion.FAR_BELOW_FLOOR,
    (21540887, 152): Exclusion.DUPLICATE,
    (22183145, 3): Exclusion.SELF_SALE,
}


@pytest.fixture(scope="module")
def folded(market_data) -> MarketTimeline:
    events = pl.read_parquet(market_data / "events.parquet").with_row_index("seq", offset=1)
    return market.timeline(events, Traits.from_frame(packaged_punks()))


@pytest.mark.realdata
def test_real_sales_count_exactly_where_the_reference_says_so_but_for_those_explained(market_data, folded):
    reference = pl.read_parquet(market_data / "sales_reference.parquet")
    assert [s.tx_hash for s in folded.sales] == reference["tx_hash"].to_list()
    differs = {
        (sale.block, sale.log_index): sale.excluded
        for sale, clean in zip(folded.sales, reference["clean"], strict=True)
        if (sale.excluded is None) != clean
    }
    assert differs == DEVIATIONS


@pytest.mark.realdata
def test_both_flash_loans_are_recognised_by_their_amount(market_data, folded):
    reference = pl.read_parquet(market_data / "sales_reference.parquet")
    loans = [sale.excluded is Exclusion.FLASH_LOAN for sale in folded.sales]
    assert loans == reference["flash_loan"].to_list()


@pytest.mark.realdata
def test_the_book_has_the_reference_floor_at_the_end_of_every_real_day(market_data, folded):
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet")
    day_ends = (reference["date"].cast(pl.Int32).to_numpy().astype(np.int64) + 1) * 86_400
    assert folded.lows.last_before(day_ends)[:, 0].tolist() == reference["floor_eth"].to_list()

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shared.errors import InvalidInputError
from shared.market.events import validate
from shared.market.prices import DailyPrices
from shared.market.reference_data import validate_eth_usd, validate_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.sources.simulated import SimulatedMarket

START = datetime(2024, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def spoilt(*kinds: str) -> SimulatedMarket:
    return SimulatedMarket(seed=4, days=12, history_days=10, bad_data=kinds)


@pytest.mark.parametrize(
    ("kind", "refusal"), [("duplicates", "duplicates row"), ("out_of_order", "out of contract order")]
)
async def test_spoilt_rows_are_refused_and_what_came_before_them_is_not(kind: str, refusal: str) -> None:
    source, clean = spoilt(kind), spoilt()
    before = await source.fetch(None, START - timedelta(seconds=1))
    assert validate(before, "history").equals(await clean.fetch(None, START - timedelta(seconds=1)))
    after = (before["block"][-1], before["log_index"][-1])
    with pytest.raises(InvalidInputError, match=refusal):
        validate(await source.fetch(after, FAR), "spoilt")
    wanted = await clean.fetch(after, FAR)
    repaired = (await source.fetch(after, FAR)).unique().sort("block", "log_index")
    assert repaired.equals(wanted)


async def test_a_storm_of_sales_at_the_price_0_is_left_out_of_the_valid_sales() -> None:
    source = spoilt("zero_price_storm")
    events = validate(await source.fetch(None, FAR), "storm")
    timeline = MarketTimeline(Traits.from_frame(await source.punks()))
    sales = timeline.apply(events.with_row_index("seq", offset=1))
    first_day = [sale for sale in sales if START.timestamp() <= sale.time < START.timestamp() + 86_400]
    free = [sale for sale in first_day if sale.price_wei == 0]
    assert len(free) > 300
    assert {str(sale.excluded) for sale in free} == {"custody_move"}
    assert all(sale.price_eth > 1.0 for sale in sales if sale.excluded is None)


async def test_punks_without_traits_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="9900 rows, expected all 10000"):
        validate_punks(await spoilt("missing_traits").punks(), "punks")


async def test_a_gap_in_the_closes_leaves_the_last_one_known() -> None:
    closes = validate_eth_usd(await spoilt("eth_usd_gap").eth_usd(date(2100, 1, 1)), "closes")
    assert START.date() not in set(closes["date"])
    assert date(2024, 1, 11) in set(closes["date"])
    last = closes.filter(pl.col("date") < START.date())["eth_usd"][-1]
    known = DailyPrices.from_frame(closes).known_at(np.array([int((START + timedelta(days=9)).timestamp())]))
    assert known.tolist() == [last]


async def test_defects_can_be_combined_and_come_the_same_however_they_are_fetched() -> None:
    source = spoilt("duplicates", "eth_usd_gap")
    whole = await source.fetch(None, FAR)
    middle = START + timedelta(days=3)
    first = await source.fetch(None, middle)
    rest = await source.fetch((first["block"][-1], first["log_index"][-1]), FAR)
    assert pl.concat([first, rest]).equals(whole)

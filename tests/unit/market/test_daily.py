from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from services.cli.export.book import daily_floor
from shared.market.daily import market_days
from shared.market.timeline import MarketTimeline
from tests.factories import market, small_market
from tests.factories.small_market import END, EVENTS

NOW = int(END.timestamp())


def test_floors_are_those_of_the_export() -> None:
    days = market_days(small_market.timeline(), NOW)
    expected = daily_floor(EVENTS)
    assert [day.date for day in days] == expected["date"].to_list()
    floors = [np.nan if day.floor_wei is None else day.floor_wei / 10**18 for day in days]
    assert floors == pytest.approx(expected["floor_eth"].fill_null(np.nan).to_list(), abs=1e-9, nan_ok=True)


def test_the_future_changes_no_day_of_the_past() -> None:
    instant = END - timedelta(days=20)
    known = market.timeline(EVENTS.filter(pl.col("timestamp") < instant), small_market.timeline().traits)
    seconds = int(instant.timestamp())
    assert market_days(known, seconds) == market_days(small_market.timeline(), seconds)


def test_it_goes_on_from_a_day() -> None:
    every = market_days(small_market.timeline(), NOW)
    assert market_days(small_market.timeline(), NOW, first=every[-3].date) == every[-3:]
    assert market_days(small_market.timeline(), NOW, first=(END + timedelta(days=9)).date()) == []


def test_the_index_is_that_of_the_last_sale_before_the_days_end() -> None:
    timeline = small_market.timeline()
    day = market_days(timeline, NOW)[-5]
    end = int(datetime(day.date.year, day.date.month, day.date.day, tzinfo=UTC).timestamp()) + 86_400
    level = timeline.index.states.last_before(np.array([end], dtype=np.int64))[0, 0]
    assert day.index_eth == pytest.approx(float(np.exp(level)))


def test_an_empty_market_has_no_days() -> None:
    assert market_days(MarketTimeline(small_market.timeline().traits), NOW) == []

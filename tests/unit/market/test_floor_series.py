from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.market import floor_series as module
from shared.market.floor_series import FLOOR_SCHEMA, daily_floor, floor_series, grid
from shared.market.state import state_at
from tests.factories import busy_market
from tests.factories.busy_market import busy_events
from tests.factories.market_story import Told, told

ANN = f"0x{1:040x}"
BOB = f"0x{2:040x}"


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), step=st.sampled_from([7, 40, 300]))
def test_the_floor_on_a_grid_is_that_of_the_state_at_each_of_its_instants(seed, step):
    events = busy_events(seed, count=120)
    instants = grid(events["timestamp"][0], events["timestamp"][-1] + timedelta(days=1), timedelta(minutes=step))
    series = floor_series(events, instants)
    for row in series[:: max(1, series.height // 40)].iter_rows(named=True):
        state = state_at(events, row["as_of"])
        floor = state.floor()
        assert (row["floor_wei"], row["floor_punk"]) == ((str(floor[0]), floor[1]) if floor else (None, None))
        assert (row["public_asks"], row["active_asks"]) == (state.book.height, state.listings)


def test_cutting_the_work_into_parts_changes_nothing(monkeypatch):
    events = busy_events(5)
    instants = grid(busy_market.BEGAN, events["timestamp"][-1], timedelta(minutes=3))
    whole = floor_series(events, instants)
    monkeypatch.setattr(module, "_CELLS_AT_ONCE", 97)
    assert floor_series(events, instants).equals(whole)


def test_a_day_ends_with_its_last_second_and_days_without_events_keep_the_floor():
    events = told(
        Told("listed", 1, 9.0, sender=ANN, at=timedelta(hours=23, minutes=59, seconds=59)),
        Told("listed", 2, 8.0, sender=ANN, at=timedelta(hours=24)),
        Told("listed", 3, 1.0, sender=ANN, receiver=BOB, at=timedelta(days=3)),
    )
    days = daily_floor(events)
    assert days["date"].to_list() == [date(2024, 5, day) for day in (1, 2, 3, 4)]
    assert days.select("floor_eth", "floor_punk", "public_asks", "active_asks").rows() == [
        (9.0, 1, 1, 1),
        (8.0, 2, 2, 2),
        (8.0, 2, 2, 2),
        (8.0, 2, 2, 3),
    ]
    assert daily_floor(events, last=date(2024, 5, 1)).height == 1
    assert daily_floor(events, first=date(2024, 4, 30))["floor_eth"].to_list()[:2] == [None, 9.0]


def test_without_events_there_are_no_days_and_without_asks_no_floor():
    assert daily_floor(busy_events(1, count=5).clear()).schema == {"date": pl.Date(), **FLOOR_SCHEMA}
    instants = pl.Series([datetime(2024, 6, 1, tzinfo=UTC)], dtype=pl.Datetime("us", "UTC"))
    series = floor_series(told(Told("bid", 1, 9.0, sender=ANN)), instants)
    assert series.drop("as_of").rows() == [(None, None, None, 0, 0)]


@pytest.mark.realdata
def test_every_real_day_equals_the_reference_in_floor_floor_punk_and_asks(market_data):
    reference = pl.read_parquet(market_data / "floor_daily_reference.parquet").drop("partial_day")
    ours = daily_floor(pl.read_parquet(market_data / "events.parquet")).select(reference.columns)
    assert ours.equals(reference)
    assert reference["date"].is_between(date(2018, 1, 1), date(2025, 7, 31)).sum() == 2_769

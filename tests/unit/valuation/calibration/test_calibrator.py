"""Calibrations follow outcomes: from what is known by the begin of the day, by one rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.valuation import correction, sale_features
from shared.valuation.conformal import CALIBRATION_DAYS, LEVELS, MIN_RESIDUALS, Calibration
from shared.valuation.inputs import HORIZON_S, nowcast_snapshot, sale_rows, valid_sales
from shared.valuation.model import ValuationModel, Values
from shared.valuation.recalibration import (
    DayByDay,
    calibration_as_of,
    calibration_from_events,
    day_of,
    later_sales,
    own_errors,
    predict_forward,
)
from shared.valuation.residuals import Residuals
from tests.factories import market, small_market
from tests.factories.small_market import END

DAY = 86_400
CUTOFF = datetime(2024, 6, 1, 9, tzinfo=UTC)
NOW = int(CUTOFF.timestamp())
LATER = CUTOFF + timedelta(days=30)


def errors(seed: int, count: int, *, first: float, last: float, spread: float = 0.05, bias: float = 0.0) -> Residuals:
    """Errors on sales from `first` to `last` days after the cut-off, in time order."""
    generator = np.random.default_rng(seed)
    time = NOW + np.sort(generator.integers(int(first * DAY), int(last * DAY), count)).astype(np.int64)
    return Residuals(generator.normal(bias, spread, count), np.exp(generator.exponential(0.3, count)), time)


@cache
def model(seed: int = 0, count: int = 500) -> ValuationModel:
    """A model whose errors before the cut-off are made up."""
    return replace(
        small_market.model(), data_cutoff=CUTOFF, residuals=errors(seed, count, first=-CALIBRATION_DAYS, last=0)
    )


def shuffled(residuals: Residuals, seed: int) -> Residuals:
    order = np.random.default_rng(seed).permutation(len(residuals))
    return Residuals(residuals.error[order], residuals.premium[order], residuals.time[order])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(0, 200), st.floats(0, 60), st.floats(-2, 2))
def test_no_sale_at_or_after_the_begin_of_the_day_counts(seed: int, count: int, days: float, bias: float) -> None:
    instant = CUTOFF + timedelta(days=days)
    own = errors(seed, 80, first=0, last=90)
    known = own.where(own.time < day_of(instant).timestamp())
    begin = (day_of(instant) - CUTOFF) / timedelta(days=1)
    future = errors(seed + 1, count, first=begin, last=begin + 40, bias=bias)
    with_future = Residuals.joined([known, future])
    assert calibration_as_of(model(), with_future, instant) == calibration_as_of(model(), known, instant)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), st.integers(0, 300), st.integers(0, 500))
def test_the_order_of_sales_is_irrelevant(seed: int, count: int, known: int) -> None:
    own, one = errors(seed, count, first=0, last=29), model(1, known)
    # Ties, of different weights, which a sum in another order could tell apart.
    own = Residuals(np.round(own.error, 2), own.premium, own.time)
    other = replace(one, residuals=shuffled(one.residuals, seed))
    assert calibration_as_of(other, shuffled(own, seed), LATER) == calibration_as_of(one, own, LATER)


@pytest.mark.parametrize("days", [-400, 0, 0.3, 5, 1_000])
def test_without_a_later_sale_the_intervals_are_those_of_the_fit(days: float) -> None:
    nothing = Residuals(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    instant = CUTOFF + timedelta(days=days)
    assert calibration_as_of(model(), nothing, instant) == model().calibration
    assert calibration_as_of(model(), errors(1, 50, first=days + 1, last=days + 9), instant) == model().calibration


def test_all_instants_of_a_day_share_one_calibration_and_the_next_day_has_another() -> None:
    own, day = errors(1, 300, first=0, last=40), day_of(LATER)
    made = {calibration_as_of(model(), own, day + timedelta(hours=hours)) for hours in range(24)}
    assert len(made) == 1
    assert calibration_as_of(model(), own, day + timedelta(days=1)) not in made
    elsewhere = datetime.fromisoformat("2024-07-01T01:30:00+05:00")
    assert day_of(elsewhere) == datetime(2024, 6, 30, tzinfo=UTC), "the day is that of UTC"


def test_errors_older_than_half_a_year_are_forgotten_but_never_all() -> None:
    instant = CUTOFF + timedelta(days=2 * CALIBRATION_DAYS)
    own = errors(2, 100, first=CALIBRATION_DAYS + 1, last=2 * CALIBRATION_DAYS - 1)
    foreseen = correction.foreseen(Residuals.joined([model().residuals, own]))[-len(own) :]
    assert calibration_as_of(model(), own, instant) == Calibration.fit(own, day_of(instant), foreseen)
    few = own.where(own.time < np.sort(own.time)[MIN_RESIDUALS - 1])
    everything = Residuals.joined([model().residuals, few])
    assert calibration_as_of(model(), few, instant) == Calibration.fit(everything, day_of(instant))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.integers(0, 200), st.floats(-0.5, 0.5), st.integers(0, 300))
def test_refreshed_intervals_are_nested_around_the_value(seed: int, count: int, bias: float, known: int) -> None:
    own = errors(seed, count, first=0, last=50, bias=bias)
    as_of = pl.Series([CUTOFF + timedelta(days=day) for day in range(60)], dtype=pl.Datetime("us", "UTC"))
    value, premium = np.linspace(1, 500, 60), np.linspace(0.9, 9, 60)
    inner_low = inner_high = value
    for low, high in DayByDay.of(model(3, known), own, as_of).bounds(value, premium):
        assert (low <= inner_low).all()
        assert (high >= inner_high).all()
        assert (low >= 0).all()
        inner_low, inner_high = low, high


def test_each_row_has_the_intervals_of_its_own_day() -> None:
    own = errors(4, 200, first=0, last=30)
    instants = [CUTOFF + timedelta(hours=hours) for hours in (700, 3, 300, 301, 23)]
    value, premium = np.array([50.0, 60, 70, 80, 90]), np.array([1.0, 1.2, 2, 3, 1.1])
    made = DayByDay.of(model(), own, pl.Series(instants, dtype=pl.Datetime("us", "UTC"))).bounds(value, premium)
    for row, instant in enumerate(instants):
        alone = calibration_as_of(model(), own, instant).bounds(value[row : row + 1], premium[row : row + 1])
        assert [(low[row], high[row]) for low, high in made] == [(low[0], high[0]) for low, high in alone]


@pytest.mark.parametrize(("spread", "bias"), [(0.12, 0.0), (0.02, 0.0), (0.05, -0.08)])
def test_after_the_market_has_changed_refreshed_intervals_cover_as_promised_and_frozen_ones_do_not(
    spread: float, bias: float
) -> None:
    """Errors become larger, smaller or one-sided after the fit; four months later, on the sales of the next month."""
    own = errors(5, 1_200, first=0, last=120, spread=spread, bias=bias)
    fresh = errors(6, 1_000, first=121, last=150, spread=spread, bias=bias)
    instant = CUTOFF + timedelta(days=121)

    def off(calibration: Calibration, level: float) -> float:
        value = fresh.premium * np.exp(calibration.correction_of(fresh.premium)) * 50
        low, high = calibration.bounds(value, fresh.premium)[LEVELS.index(level)]
        price = fresh.premium * 50 * np.exp(fresh.error)
        return abs(float(((low <= price) & (price <= high)).mean()) - level)

    refreshed = calibration_as_of(model(), own, instant)
    for level in LEVELS:
        assert off(refreshed, level) < 0.6 * off(model().calibration, level)
    assert off(refreshed, 0.8) < 0.08 < off(model().calibration, 0.8)


def test_only_sales_that_looked_so_after_the_cut_off_and_had_a_floor_make_errors() -> None:
    one = small_market.model()
    rows = sale_rows(small_market.timeline(), small_market.prices(), until=END, horizons=(HORIZON_S,))
    made = own_errors(one, rows)
    late = rows.filter(pl.col("as_of") >= one.data_cutoff)
    assert 100 < len(made) < rows.height
    assert made.time.tolist() == late["sale_time"].dt.epoch("s").to_list()
    value = np.exp(one.blend.predict(late)) * late["floor_eth"].to_numpy()
    assert made.error == pytest.approx(np.log(late["price_eth"].to_numpy() / value)), "of values without a correction"
    blind = late.with_columns(floor_eth=pl.lit(float("nan")))
    assert len(own_errors(one, blind)) == 0


def test_the_calibration_from_the_events_is_that_of_the_sales_known_by_the_begin_of_the_day() -> None:
    one, timeline, prices = small_market.model(), small_market.timeline(), small_market.prices()
    day = day_of(END)
    rows = later_sales(timeline, prices, data_cutoff=one.data_cutoff, instant=END)
    assert rows["as_of"].min() >= one.data_cutoff
    assert rows["sale_time"].max() < day
    counted = [s for s in valid_sales(timeline) if one.data_cutoff.timestamp() + HORIZON_S <= s.time < day.timestamp()]
    assert rows["event_seq"].to_list() == [sale.event_seq for sale in counted]
    made = calibration_from_events(one, timeline, prices, END)
    assert made == calibration_as_of(one, own_errors(one, rows), END) != one.calibration


def test_garbage_after_the_day_has_begun_changes_nothing() -> None:
    one, instant = small_market.model(), END - timedelta(days=6)
    traits = small_market.timeline().traits
    made = calibration_from_events(one, small_market.timeline(), small_market.prices(), instant)
    assert made != one.calibration
    begin = day_of(instant)
    known = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < begin)
    for events in (known, market.poison(small_market.EVENTS, int(begin.timestamp()), 3)):
        assert calibration_from_events(one, market.timeline(events, traits), small_market.prices(), instant) == made


def test_a_sale_that_became_known_after_the_day_had_begun_counts_from_the_next_day_on() -> None:
    one, day = small_market.model(), day_of(END)
    events, prices, traits = small_market.EVENTS, small_market.prices(), small_market.timeline().traits
    sale = max((s for s in valid_sales(small_market.timeline()) if s.time < day.timestamp()), key=lambda s: s.time)
    late = events.with_columns(
        known_at=pl.when(pl.col("seq") >= sale.event_seq)
        .then(pl.max_horizontal("timestamp", pl.lit(day + timedelta(minutes=5))))
        .otherwise(pl.col("timestamp"))
    )
    without = events.filter(pl.col("seq") < sale.event_seq)
    assert calibration_from_events(one, market.timeline(late, traits), prices, day) == calibration_from_events(
        one, market.timeline(without, traits), prices, day
    )
    tomorrow = END + timedelta(days=1)
    rows = later_sales(market.timeline(late, traits), prices, data_cutoff=one.data_cutoff, instant=tomorrow)
    assert sale.event_seq in rows["event_seq"].to_list()


def test_a_value_is_moved_by_the_correction_at_its_premium_and_by_nothing_else() -> None:
    one = small_market.model()
    frame = nowcast_snapshot(small_market.timeline(), small_market.prices(), END).frame
    refreshed = calibration_from_events(one, small_market.timeline(), small_market.prices(), END)
    premium = np.exp(one.blend.predict(frame))
    moved = np.log(one.predict(frame, refreshed).value_eth / (premium * frame["floor_eth"].to_numpy()))
    assert moved == pytest.approx(refreshed.correction.of(premium), abs=1e-12)
    assert np.abs(moved).max() > 1e-4
    only = replace(refreshed, correction=one.calibration.correction)
    assert one.predict(frame, only).value_eth.tobytes() == one.predict(frame).value_eth.tobytes()


def test_a_model_older_than_the_hold_out_has_met_the_sales_before_it() -> None:
    learn, judge = small_market.inputs()
    older = replace(small_market.model(), data_cutoff=judge.frame["as_of"].min() - timedelta(days=9))
    served = calibration_from_events(
        older, small_market.timeline(), small_market.prices(), first := judge.frame["as_of"][0]
    )
    values = predict_forward(older, judge.frame, learn.frame)
    assert values.hi80[0] == pytest.approx(older.predict(judge.frame[0], served).hi80[0])
    assert values.hi80[0] != predict_forward(older, judge.frame).hi80[0]
    assert calibration_as_of(older, own_errors(older, learn.frame), first) == served


def test_a_hold_out_is_valued_as_it_would_have_been_in_service() -> None:
    one, (_, judge) = small_market.model(), small_market.inputs()
    values = predict_forward(one, judge.frame)
    for row in (0, judge.frame.height // 2, judge.frame.height - 1):
        instant = judge.frame["as_of"][row]
        served = calibration_from_events(one, small_market.timeline(), small_market.prices(), instant)
        alone = one.predict(judge.frame[row], served)
        for name in set(Values.__dataclass_fields__) - {"confidence"}:
            assert getattr(values, name)[row] == pytest.approx(getattr(alone, name)[0])
        assert values.confidence[row] == alone.confidence[0]


def test_a_model_of_just_now_has_no_later_sale_and_leaves_the_features_kept_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeline, prices = small_market.timeline(), small_market.prices()
    older = later_sales(timeline, prices, data_cutoff=END - timedelta(days=20), instant=END)
    new = replace(small_market.model(), data_cutoff=END)
    assert later_sales(timeline, prices, data_cutoff=END, instant=END).is_empty()
    assert calibration_from_events(new, timeline, prices, END) == new.calibration
    monkeypatch.setattr(sale_features, "compute", None)
    again = later_sales(timeline, prices, data_cutoff=END - timedelta(days=20), instant=END)
    assert again.equals(older)

"""Calibrations follow outcomes: from what is known by the start of the day, by one rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.units import DAY_S
from shared.valuation import sale_features
from shared.valuation.calibration import correction
from shared.valuation.calibration.calibrator import Calibrator, day_of
from shared.valuation.calibration.intervals import LEVELS, Calibration
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.inputs import HORIZON_S, later_sales, sale_rows
from shared.valuation.params import Params
from tests.factories import market, small_market
from tests.factories.small_market import END, calibration

PARAMS = Params.load().calibration
CUTOFF = datetime(2024, 6, 1, 9, tzinfo=UTC)
NOW = int(CUTOFF.timestamp())
LATER = CUTOFF + timedelta(days=30)


def errors(seed: int, count: int, *, first: float, last: float, spread: float = 0.05, bias: float = 0.0) -> Residuals:
    """Errors on sales from `first` to `last` days after the cut-off, in time order."""
    generator = np.random.default_rng(seed)
    time = NOW + np.sort(generator.integers(int(first * DAY_S), int(last * DAY_S), count)).astype(np.int64)
    return Residuals(generator.normal(bias, spread, count), np.exp(generator.exponential(0.3, count)), time)


@cache
def fitted(seed: int = 0, count: int = 500) -> Residuals:
    """Made-up errors before the cut-off."""
    return errors(seed, count, first=-PARAMS.days, last=0)


def calibrator(own: Residuals | None, before: Residuals | None = None) -> Calibrator:
    return Calibrator(fitted() if before is None else before, CUTOFF, PARAMS, [] if own is None else [own])


OF_THE_FIT = calibrator(None).at(CUTOFF)


def same(one: Calibration, other: Calibration) -> bool:
    return one.offsets.tobytes() == other.offsets.tobytes() and one.shifts.tobytes() == other.shifts.tobytes()


def shuffled(residuals: Residuals, seed: int) -> Residuals:
    return residuals.where(np.random.default_rng(seed).permutation(len(residuals)))


@settings(max_examples=40)
@given(st.integers(0, 99), st.integers(0, 200), st.floats(0, 60), st.floats(-2, 2))
def test_no_sale_at_or_after_the_start_of_the_day_counts(seed: int, count: int, days: float, bias: float) -> None:
    instant = CUTOFF + timedelta(days=days)
    own = errors(seed, 80, first=0, last=90)
    known = own.where(own.time < day_of(instant).timestamp())
    begin = (day_of(instant) - CUTOFF) / timedelta(days=1)
    future = errors(seed + 1, count, first=begin, last=begin + 40, bias=bias)
    with_future = Residuals.joined([known, future])
    assert same(calibrator(with_future).at(instant), calibrator(known).at(instant))


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(0, 300), st.integers(0, 500))
def test_the_order_of_sales_is_irrelevant(seed: int, count: int, known: int) -> None:
    own, before = errors(seed, count, first=0, last=29), fitted(1, known)
    # Ties, of different weights, which a sum in another order could tell apart.
    own = replace(own, error=np.round(own.error, 2))
    turned = calibrator(shuffled(own, seed), shuffled(before, seed)).at(LATER)
    assert same(turned, calibrator(own, before).at(LATER))


@pytest.mark.parametrize("days", [-400, 0, 0.3, 5, 1_000])
def test_without_a_later_sale_the_calibration_is_that_of_the_fit(days: float) -> None:
    nothing = Residuals(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    instant = CUTOFF + timedelta(days=days)
    assert same(OF_THE_FIT, Calibration.fit(fitted(), float(NOW), PARAMS))
    for own in (None, nothing, errors(1, 50, first=days + 1, last=days + 9)):
        assert same(calibrator(own).at(instant), OF_THE_FIT)


def test_all_instants_of_a_day_share_one_calibration_and_the_next_day_has_another() -> None:
    one, day = calibrator(errors(1, 300, first=0, last=40)), day_of(LATER)
    first = one.at(day)
    assert all(one.at(day + timedelta(hours=hours)) is first for hours in range(24)), "made once"
    assert not same(one.at(day + timedelta(days=1)), first)
    elsewhere = datetime.fromisoformat("2024-07-01T01:30:00+05:00")
    assert day_of(elsewhere) == datetime(2024, 6, 30, tzinfo=UTC), "the day is that of UTC"


def test_a_day_has_the_same_calibration_whichever_days_were_asked_for_before() -> None:
    own = errors(1, 300, first=0, last=40)
    worn = calibrator(own)
    for hours in (900, 30, 500, 31):
        worn.at(CUTOFF + timedelta(hours=hours))
    for days in (0, 1, 12, 40):
        assert same(worn.at(CUTOFF + timedelta(days=days)), calibrator(own).at(CUTOFF + timedelta(days=days)))


def test_errors_older_than_half_a_year_are_forgotten_but_never_all() -> None:
    instant = CUTOFF + timedelta(days=2 * PARAMS.days)
    begin = day_of(instant).timestamp()
    own = errors(2, 100, first=PARAMS.days + 1, last=2 * PARAMS.days - 1)
    day_corrections = correction.day_corrections(Residuals.joined([fitted(), own]), PARAMS.correction)[-len(own) :]
    assert same(calibrator(own).at(instant), Calibration.fit(own, begin, PARAMS, day_corrections))
    few = own.where(own.time < np.sort(own.time)[PARAMS.min_errors - 1])
    everything = Residuals.joined([fitted(), few])
    assert same(calibrator(few).at(instant), Calibration.fit(everything, begin, PARAMS))


@settings(max_examples=30)
@given(st.integers(0, 99), st.integers(0, 200), st.floats(-0.5, 0.5), st.integers(0, 300), st.integers(0, 60))
def test_intervals_nest_around_the_value_on_any_day(seed: int, count: int, bias: float, known: int, day: int) -> None:
    own = errors(seed, count, first=0, last=50, bias=bias)
    value, premium = np.linspace(1, 500, 60), np.linspace(0.9, 9, 60)
    inner_low = inner_high = value
    for low, high in calibrator(own, fitted(3, known)).at(CUTOFF + timedelta(days=day)).bounds(value, premium):
        assert (low <= inner_low).all()
        assert (high >= inner_high).all()
        assert (low >= 0).all()
        inner_low, inner_high = low, high


@pytest.mark.parametrize(("spread", "bias"), [(0.12, 0.0), (0.02, 0.0), (0.05, -0.08)])
def test_after_a_change_only_refreshed_intervals_cover_as_promised(spread: float, bias: float) -> None:
    """Errors become larger, smaller or one-sided after the fit; four months later, on the sales of the next month."""
    own = errors(5, 1_200, first=0, last=120, spread=spread, bias=bias)
    fresh = errors(6, 1_000, first=121, last=150, spread=spread, bias=bias)

    def off(calibration: Calibration, level: float) -> float:
        value = fresh.premium * np.exp(calibration.correction_of(fresh.premium)) * 50
        low, high = calibration.bounds(value, fresh.premium)[LEVELS.index(level)]
        price = fresh.premium * 50 * np.exp(fresh.error)
        return abs(float(((low <= price) & (price <= high)).mean()) - level)

    refreshed = calibrator(own).at(CUTOFF + timedelta(days=121))
    for level in LEVELS:
        assert off(refreshed, level) < 0.6 * off(OF_THE_FIT, level)
    assert off(refreshed, 0.8) < 0.08 < off(OF_THE_FIT, 0.8)


def test_only_sales_that_looked_so_after_the_cut_off_and_had_a_floor_make_errors() -> None:
    one = small_market.model()
    rows = sale_rows(small_market.timeline(), small_market.prices(), until=END, horizons=(HORIZON_S,))
    late = rows.filter(pl.col("as_of") >= one.data_cutoff)
    assert 100 < late.height < rows.height
    own = Residuals(
        np.log(late["price_eth"].to_numpy() / late["floor_eth"].to_numpy()) - one.log_premium(late),
        np.exp(one.log_premium(late)),
        late["sale_time"].dt.epoch("s").to_numpy(),
    )
    expected = Calibrator(one.residuals, one.data_cutoff, one.calibration_params, [own]).at(END)
    # A value among others and one among fewer agree to the last digits only.
    assert one.calibrator(rows).at(END).offsets == pytest.approx(expected.offsets, abs=1e-12)
    assert one.calibrator(rows).at(END).shifts == pytest.approx(expected.shifts, abs=1e-12)
    for floor in (float("nan"), 0.0):
        blind = late.with_columns(floor_eth=pl.lit(floor))
        assert same(one.calibrator(blind).at(END), calibration(one))


def test_later_sales_are_those_that_are_known_by_the_start_of_the_day() -> None:
    one, timeline, day = small_market.model(), small_market.timeline(), day_of(END)
    rows = later_sales(timeline, small_market.prices(), data_cutoff=one.data_cutoff, instant=END)
    assert rows["as_of"].min() >= one.data_cutoff
    assert rows["sale_time"].max() < day
    first, until = one.data_cutoff.timestamp() + HORIZON_S, day.timestamp()
    counted = [sale.event_seq for sale in timeline.counted if first <= sale.time < until]
    assert rows["event_seq"].to_list() == counted
    assert not same(calibration(one, END), calibration(one))


def test_garbage_after_the_day_has_begun_changes_nothing() -> None:
    one, instant = small_market.model(), END - timedelta(days=6)
    made = calibration(one, instant)
    assert not same(made, calibration(one))
    begin = day_of(instant)
    known = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < begin)
    for events in (known, market.poison(small_market.EVENTS, int(begin.timestamp()), 3)):
        assert same(calibration(one, instant, market.timeline(events)), made)


def test_a_sale_that_became_known_after_the_day_had_begun_counts_from_the_next_day_on() -> None:
    one, day, events = small_market.model(), day_of(END), small_market.EVENTS
    sale = max((s for s in small_market.timeline().counted if s.time < day.timestamp()), key=lambda s: s.time)
    late = events.with_columns(
        known_at=pl.when(pl.col("seq") >= sale.event_seq)
        .then(pl.max_horizontal("timestamp", pl.lit(day + timedelta(minutes=5))))
        .otherwise(pl.col("timestamp"))
    )
    delayed, without = market.timeline(late), market.timeline(events.filter(pl.col("seq") < sale.event_seq))
    assert same(calibration(one, day, delayed), calibration(one, day, without))
    tomorrow = END + timedelta(days=1)
    rows = later_sales(delayed, small_market.prices(), data_cutoff=one.data_cutoff, instant=tomorrow)
    assert sale.event_seq in rows["event_seq"].to_list()


def test_a_value_is_moved_by_the_correction_at_its_premium_and_by_nothing_else() -> None:
    one = small_market.model()
    frame, refreshed = small_market.nowcast().frame, calibration(one, END)
    premium = np.exp(one.log_premium(frame))
    moved = np.log(one.predict(frame, refreshed).value_eth / (premium * frame["floor_eth"].to_numpy()))
    assert moved == pytest.approx(refreshed.correction_of(premium), abs=1e-12)
    assert np.abs(moved).max() > 1e-4
    only = replace(refreshed, shifts=calibration(one).shifts)
    assert one.predict(frame, only).value_eth.tobytes() == one.predict(frame).value_eth.tobytes()


def test_a_model_older_than_the_hold_out_has_met_the_sales_before_it() -> None:
    learn, judge = small_market.inputs()
    older = replace(small_market.model(), data_cutoff=judge.frame["as_of"].min() - timedelta(days=9))
    first = judge.frame["as_of"][0]
    values = older.predict_forward(judge.frame, learn.frame, judge.frame)
    assert values.hi80[0] == pytest.approx(older.predict(judge.frame[0], calibration(older, first)).hi80[0])
    assert values.hi80[0] != pytest.approx(older.predict_forward(judge.frame, judge.frame).hi80[0])


def test_a_hold_out_is_valued_as_it_would_have_been_in_service() -> None:
    one, (_, judge) = small_market.model(), small_market.inputs()
    values = one.predict_forward(judge.frame, judge.frame)
    assert len(values) == judge.frame.height
    for row in (0, judge.frame.height // 2, judge.frame.height - 1):
        alone = one.predict(judge.frame[row], calibration(one, judge.frame["as_of"][row]))
        assert values.numbers()[:, row] == pytest.approx(alone.numbers()[:, 0])
        assert values.confidence[row] == alone.confidence[0]


def test_rows_in_any_order_have_the_calibration_of_their_own_day() -> None:
    one, (_, judge) = small_market.model(), small_market.inputs()
    calibrator, frame = one.calibrator(judge.frame), judge.frame
    order = np.random.default_rng(3).permutation(frame.height)
    predicted = one.log_premium(frame)
    values = one.predict_forward(frame, frame)
    turned = one.predict_forward(frame[order.tolist()], frame)
    assert turned.numbers() == pytest.approx(values.numbers()[:, order], rel=1e-12)
    assert turned.confidence.tolist() == values.confidence[order].tolist()
    shifts = values.value_eth / (np.exp(predicted) * frame["floor_eth"].to_numpy())
    for row in (0, 100, frame.height - 1):
        shift = calibrator.at(frame["as_of"][row]).correction_of(np.exp(predicted[row : row + 1]))
        assert shifts[row] == pytest.approx(np.exp(shift[0]))


def test_a_model_of_just_now_has_no_later_sale_and_keeps_others_features(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline, prices = small_market.timeline(), small_market.prices()
    older = later_sales(timeline, prices, data_cutoff=END - timedelta(days=20), instant=END)
    new = replace(small_market.model(), data_cutoff=END)
    assert later_sales(timeline, prices, data_cutoff=END, instant=END).is_empty()
    assert same(calibration(new, END), calibration(new))
    monkeypatch.setattr(sale_features, "compute", None)
    again = later_sales(timeline, prices, data_cutoff=END - timedelta(days=20), instant=END)
    assert again.equals(older)

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from services.cli.explain.report import Origin, Previous, Report, explain
from shared.errors import InvalidInputError
from shared.market.timeline import MarketTimeline
from shared.valuation import generation
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.snapshot import Snapshot
from tests.factories import market, small_market
from tests.factories.small_market import END

ORIGIN = Origin("m", END)


def explained(
    snapshot: Snapshot, timeline: MarketTimeline | None = None, *, punk: int = 5, before: Snapshot | None = None
) -> Report:
    """By the small market's model, with the calibration of its fit."""
    model, timeline = small_market.model(), timeline or small_market.timeline()
    calibration = small_market.calibration(model)
    earlier = None if before is None else ((before, calibration), Previous(before.as_of))
    return explain(model, timeline, punk, (snapshot, calibration), earlier, ORIGIN)


def test_an_explanation_is_of_the_value_that_the_model_gives_the_punk_among_all_others() -> None:
    snapshot = small_market.nowcast()
    model, timeline = small_market.model(), small_market.timeline()
    calibration, previous = small_market.calibration(model, END), Previous(END - timedelta(hours=3))
    earlier = (small_market.nowcast(previous.as_of), small_market.calibration(model)), previous
    report = explain(model, timeline, 5, (snapshot, calibration), earlier, ORIGIN)
    values = model.predict(snapshot.frame, calibration)
    assert report.value_eth == values.value_eth[5]
    assert report.reproduction.explained_wei == str(generation.build(values).frame["value_wei"][5])
    assert report.bounds_eth["lo80"] == values.lo80[5]
    assert report.confidence["grade"] == values.confidence[5]
    assert report.snapshot_id == snapshot.snapshot_id
    assert list(report.features) == list(FEATURE_NAMES)
    assert report.changes.after_eth == report.value_eth
    assert report.previous == previous
    assert report.comparables
    assert 5 not in [one.punk_id for one in report.comparables]


def test_it_reads_nothing_that_came_after_the_snapshot() -> None:
    cut = END - timedelta(days=10)
    events = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < cut)
    known = market.timeline(events, small_market.timeline().traits)
    snapshot = small_market.nowcast(cut)
    one, other = (explained(snapshot, folded) for folded in (known, small_market.timeline()))
    assert one == other
    assert one.own_sales


def test_a_time_without_a_floor_has_no_values_and_is_nothing_to_compare_with() -> None:
    nothing = small_market.nowcast(datetime.fromtimestamp(market.START, UTC))
    with pytest.raises(InvalidInputError, match="without a floor there is no value"):
        explained(nothing)
    report = explained(small_market.nowcast(), before=nothing)
    assert report.changes is report.previous is None


def test_a_snapshot_with_features_that_the_model_does_not_read_is_explained_alike() -> None:
    whole = small_market.nowcast()
    further = replace(whole, feature_schema="0" * 64, frame=whole.frame.with_columns(weather=pl.lit(0.5)))
    one, other = explained(whole), explained(further)
    assert other.reasons == one.reasons
    assert other.bounds_eth == one.bounds_eth

"""Published values and intervals follow the outcomes by the begin of the day; what they were made with is on record."""

from datetime import datetime, timedelta

import asyncpg
import numpy as np
import pytest

from shared.market.timeline import MarketTimeline
from shared.valuation import generation as generations
from shared.valuation.calibration.calibrator import Calibrator, day_of
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.inputs import later_sales, nowcast_snapshot
from tests.factories import market, small_market
from tests.factories.harness import Harness
from tests.factories.small_market import Source
from tests.integration.nowcaster.conftest import START, ingest, tick


async def published(harness: Harness) -> list[asyncpg.Record]:
    return await harness.rows("select * from generations order by generation_id")


def known(until: datetime) -> MarketTimeline:
    events = small_market.EVENTS.filter(small_market.EVENTS["timestamp"] < until)
    return market.timeline(events, small_market.timeline().traits)


async def test_intervals_are_those_of_the_outcomes_by_the_begin_of_the_day_for_every_model(
    harness: Harness, champion: str
) -> None:
    other = small_market.model(8)
    await harness.shadow(other)
    at = await tick(harness)
    rows = await published(harness)
    assert {row["role"] for row in rows} == {"champion", "shadow"}
    timeline, prices = known(START), small_market.prices()
    frame = nowcast_snapshot(timeline, prices, at).frame
    for row in rows:
        model = small_market.model() if row["model_id"] == champion else other
        sales = later_sales(timeline, prices, data_cutoff=model.data_cutoff, instant=at)
        calibration = model.calibrator(sales).at(at)
        recorded = row["interval_offsets"], row["value_shifts"]
        assert recorded == (calibration.offsets.tolist(), calibration.shifts.tolist())
        assert recorded[0] != small_market.calibration(model).offsets.tolist()
        assert row["values_sha256"] == generations.build(model.predict(frame, calibration)).values_sha256
        said = await harness.rows(
            "select value_wei::text from nowcasts where generation_id = $1 order by punk_id", row["generation_id"]
        )
        served = generations.build(model.predict(frame, calibration)).frame["value_wei"].to_list()
        frozen = generations.build(model.predict(frame)).frame["value_wei"].to_list()
        assert [one["value_wei"] for one in said] == served != frozen, "corrected by the outcomes, too"


async def test_the_nowcasts_of_a_day_share_one_calibration_and_the_next_day_makes_another(
    harness: Harness, champion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[float] = []
    make = Calibrator._make

    def counted(calibrator: Calibrator, day: float) -> Calibration:
        made.append(day)
        return make(calibrator, day)

    monkeypatch.setattr(Calibrator, "_make", counted)
    harness.clock.move_to(START.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1))
    await ingest(harness, Source())
    for minutes in (0, 30, 30, 24 * 60):
        await tick(harness, minutes=minutes)
    rows = await published(harness)
    offsets = [np.array(row["interval_offsets"]).tolist() for row in rows]
    assert offsets[0] == offsets[1] == offsets[2] != offsets[3]
    fitted = day_of(small_market.model().data_cutoff).timestamp()
    assert [day for day in made if day != fitted] == [
        day_of(row["as_of"]).timestamp() for row in (await published(harness))[2:]
    ]

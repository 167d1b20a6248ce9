from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shared.errors import InvalidInputError
from shared.evaluation.predictions import COLUMNS, FURTHER, check
from shared.market.prices import DailyPrices
from shared.units import DAY_S
from shared.valuation import walk_forward as module
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.learners import ensemble
from shared.valuation.learners.ensemble import Ensemble
from shared.valuation.params import Params, TreesParams
from shared.valuation.training import TooFewSalesError
from shared.valuation.walk_forward import SaleHistory, horizon_name
from tests.factories import market, small_market

STEP_S = 6 * 3_600
EVENTS = market.events_frame(17, count=2_400, step_s=STEP_S)
FOLDED = market.timeline(EVENTS)
_DAYS = np.arange(700)
PRICES = DailyPrices(market.START // 86_400 - 60 + _DAYS, 400.0 + 5.0 * np.sin(_DAYS / 3.0))
FIRST = datetime.fromtimestamp(market.START + 520 * 86_400, UTC)
UNTIL = FIRST + timedelta(days=60)
HORIZONS = (timedelta(minutes=30), timedelta(days=1), timedelta(days=7))
TREES = {"leave_out": (), "rounds": 8, "objective": "reg:absoluteerror", "max_bin": 32, "max_depth": 3, "eta": 0.2}
PARAMS = small_market.quick().model_copy(
    update={
        "trees": TreesParams.model_validate(TREES), "half_life_days": 300.0, "learn_days": 1_000, "min_sales": 120,
    }
)  # fmt: skip


def walk(folded=FOLDED, *, first=FIRST, until=UNTIL, horizons=HORIZONS, **changed) -> pl.DataFrame:
    span = {"first": first, "until": until, "params": PARAMS}
    steps = {"refit_every": timedelta(days=20), "threads": 1} | changed
    return SaleHistory.of(folded, PRICES, horizons=horizons, **span).walk_forward(**span, **steps)


@pytest.fixture(scope="module")
def walked() -> pl.DataFrame:
    return walk()


def judged_sales(first: datetime = FIRST, until: datetime = UNTIL) -> list[tuple[str, int]]:
    sales = (sale for sale in FOLDED.counted if first.timestamp() <= sale.time < until.timestamp())
    return [(sale.tx_hash, sale.log_index) for sale in sales]


def test_there_is_one_row_for_each_valid_sale_and_horizon_as_a_report_wants_it(walked):
    sales = judged_sales()
    assert len(sales) > 30
    check(walked)
    assert set(walked.columns) == {*COLUMNS, *FURTHER}
    rows = walked.select("tx_hash", "log_index", "horizon").rows()
    assert sorted(rows) == sorted((*sale, name) for sale in sales for name in ("30m", "24h", "7d"))


def test_each_row_is_as_of_its_horizon_before_the_sale_and_says_what_was_paid(walked):
    lengths = dict(zip(("30m", "24h", "7d"), HORIZONS, strict=True))
    by_hash = {sale.tx_hash: sale for sale in FOLDED.sales}
    for row in walked.iter_rows(named=True):
        sale = by_hash[row["tx_hash"]]
        assert row["sale_time"] - row["as_of"] == lengths[row["horizon"]]
        assert row["sale_time"].timestamp() == sale.time
        assert (row["price_eth"], row["punk_id"], row["kind"]) == (sale.price_eth, sale.punk_id, sale.kind)


def test_intervals_are_nested_around_values_above_nothing(walked):
    ordered = walked.select("lo90", "lo80", "lo50", "value_eth", "hi50", "hi80", "hi90").to_numpy()
    assert (np.diff(ordered, axis=1) >= 0).all()
    assert (ordered > 0).all()
    assert np.isfinite(ordered).all()
    assert set(walked["confidence"]) <= set("ABCD")
    values = np.log(walked["value_eth"].to_numpy() / walked["price_eth"].to_numpy())
    assert np.median(np.abs(values)) < 0.15


def test_no_value_is_made_by_a_model_whose_data_ends_after_its_instant(walked):
    assert (walked["data_cutoff"] <= walked["as_of"]).all()
    # And it is the newest such model.
    assert (walked["as_of"] - walked["data_cutoff"] < timedelta(days=20)).all()
    cutoffs = walked["data_cutoff"].unique().sort().to_list()
    assert all(later - earlier == timedelta(days=20) for earlier, later in pairwise(cutoffs))
    assert walked.group_by("model_id").agg(pl.col("data_cutoff").n_unique())["data_cutoff"].max() == 1
    assert walked["model_id"].n_unique() == len(cutoffs)


class Watched:
    """Notes what every fit of a walk learns from and what every calibration is made of."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.trained: list[tuple[datetime, datetime]] = []
        self.calibrated: list[tuple[float, Residuals]] = []
        self.tested: list[tuple[Ensemble, pl.DataFrame]] = []
        self.cutoff_of: dict[int, datetime] = {}
        self.fitted: list[Ensemble] = []  # kept: an id is of one ensemble as long as it lives
        train, teach, fit, predict = module.train, ensemble.fit, Calibration.fit, Ensemble.predict

        def watched_train(frame: pl.DataFrame, data_cutoff: datetime, params: Params, **rest: Any) -> Ensemble:
            fitted = train(frame, data_cutoff, params, **rest)
            self.fitted.append(fitted)
            self.cutoff_of[id(fitted)] = data_cutoff
            return fitted

        def watched_teach(frame: pl.DataFrame, age_days: np.ndarray, *args: Any, **rest: Any) -> Ensemble:
            last = frame["sale_time"].max()
            cutoff = frame["sale_time"][0] + timedelta(seconds=round(float(age_days[0]) * 86_400))
            self.trained.append((cutoff, last))
            return teach(frame, age_days, *args, **rest)

        def watched_fit(residuals: Residuals, instant: float, *args: Any) -> Calibration:
            self.calibrated.append((instant, residuals))
            return fit(residuals, instant, *args)

        def watched_predict(fitted: Ensemble, frame: pl.DataFrame) -> np.ndarray:
            self.tested.append((fitted, frame))
            return predict(fitted, frame)

        patch.setattr(module, "train", watched_train)
        patch.setattr(ensemble, "fit", watched_teach)
        patch.setattr(Ensemble, "predict", watched_predict)
        patch.setattr(Calibration, "fit", watched_fit)


@pytest.mark.parametrize(
    ("refit_every", "horizons"),
    [
        (timedelta(days=14), HORIZONS),
        # Beyond the distance of the fits that only make errors: the first value lies long before the first sale.
        (timedelta(days=30), (timedelta(minutes=30), timedelta(days=70))),
        (timedelta(days=100), (timedelta(days=1),)),
    ],
)
def test_training_and_calibration_end_before_the_cut_off(monkeypatch, refit_every, horizons):
    watched = Watched(monkeypatch)
    rows = walk(refit_every=refit_every, horizons=horizons)
    assert rows.height == len(judged_sales()) * len(horizons)
    assert (rows["data_cutoff"] <= rows["as_of"]).all()
    assert all(last < cutoff for cutoff, last in watched.trained)
    assert {cutoff for cutoff, _ in watched.trained} == set(watched.cutoff_of.values())
    for instant, residuals in watched.calibrated:
        assert residuals.time.max() < instant
        assert residuals.time.min() >= instant - PARAMS.calibration.days * DAY_S
        assert len(np.unique(residuals.time)) == len(residuals.time) > 20, "each sale's error once"
    later = {instant for instant, _ in watched.calibrated}
    later -= {cutoff.timestamp() for cutoff in watched.cutoff_of.values()}
    assert len(later) > 20, "made again from day to day"
    assert all(instant % DAY_S == 0 for instant in later)
    assert len({id(fitted) for fitted, _ in watched.tested}) == len(watched.cutoff_of)
    for fitted, frame in watched.tested:
        assert frame.is_empty() or frame["as_of"].min() >= watched.cutoff_of[id(fitted)]


def test_the_future_of_the_last_instant_changes_no_row(walked):
    later = int(UNTIL.timestamp())
    assert later < EVENTS["timestamp"].dt.epoch("s")[-1]
    for events in (EVENTS.filter(pl.col("timestamp") < UNTIL), market.poison(EVENTS, later, 3)):
        assert walk(market.timeline(events)).equals(walked)


def test_values_of_the_first_part_do_not_know_the_sales_of_the_second(walked):
    middle = FIRST + timedelta(days=30)
    poisoned = market.timeline(market.poison(EVENTS, int(middle.timestamp()), 4))
    first = walked.filter(pl.col("sale_time") < middle)
    again = walk(poisoned).filter(pl.col("sale_time") < middle)
    # Among other rows a value's last digit may be another.
    assert_frame_equal(again, first, check_exact=False, rel_tol=1e-12, abs_tol=0.0)
    assert first.height > 40


def test_intervals_follow_outcomes_from_day_to_day_between_two_refits(walked):
    for _, rows in walked.filter(pl.col("horizon") == "30m").group_by("model_id"):
        widths = (rows["hi80"] / rows["lo80"]).log().round(9)
        assert widths.n_unique() > 3


def test_progress_rises_to_one():
    shares: list[float] = []
    walk(until=FIRST + timedelta(days=15), on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert len(shares) > 4


def test_the_same_walk_twice_gives_the_same_rows(walked):
    assert walk(threads=2).equals(walked)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"first": FIRST - timedelta(days=280)}, TooFewSalesError, "begin later, or give more history"),
        ({"refit_every": timedelta(0)}, InvalidInputError, "refit"),
        ({"refit_every": timedelta(days=-14)}, InvalidInputError, "refit"),
        ({"until": FIRST + timedelta(seconds=1)}, InvalidInputError, "no valid sale"),
    ],
)
def test_a_walk_that_cannot_be_is_refused(asked, error, words):
    with pytest.raises(error, match=words):
        walk(**asked)


@pytest.mark.parametrize(
    ("seconds", "name"),
    [(1_800, "30m"), (5_400, "90m"), (3_600, "1h"), (86_400, "24h"), (129_600, "36h"), (604_800, "7d")],
)
def test_a_horizon_is_named_in_its_largest_whole_unit_but_a_day_in_hours(seconds, name):
    assert horizon_name(seconds) == name

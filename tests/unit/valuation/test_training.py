import json
from contextlib import nullcontext
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from shared.valuation.calibration.intervals import Calibration
from shared.valuation.feature_table import LEARNT
from shared.valuation.inputs import evaluation_snapshot, holdout_cutoff, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.params import TreesParams
from shared.valuation.snapshot import Snapshot
from shared.valuation.training import TooFewSalesError, assembled, fit
from tests.factories import small_market
from tests.factories.file_parts import written

FOLDED, PRICES, NOW = small_market.timeline(), small_market.prices(), small_market.END
# Trees that look at every column, so that few of them learn what is there to learn.
PARAMS = small_market.quick().model_copy(
    update={
        "trees": TreesParams.model_validate(
            {"leave_out": ("trait flags",), "rounds": 40, "objective": "reg:absoluteerror", "max_bin": 64,
             "max_depth": 5, "eta": 0.15, "subsample": 0.8}
        )
    }
)  # fmt: skip
CUTOFF = holdout_cutoff(FOLDED, NOW, 100)


@pytest.fixture(scope="module")
def learnt():
    return training_snapshot(FOLDED, PRICES, CUTOFF)


@pytest.fixture(scope="module")
def held():
    """The sales after the cut-off."""
    return evaluation_snapshot(FOLDED, PRICES, CUTOFF, NOW).frame


def fit_on(learnt, frame):
    return fit(Snapshot("training", CUTOFF, 0, 0, learnt.feature_schema, frame), threads=1, params=PARAMS)


def error(values, held):
    return np.abs(np.log(values / held["price_eth"].to_numpy())).mean()


@pytest.fixture(scope="module")
def model(learnt):
    return fit(learnt, threads=1, params=PARAMS)


def test_the_hold_out_has_the_sales_from_the_cut_off_and_training_none_of_them(learnt, held):
    assert held.height == 100
    assert held["sale_time"].min() >= CUTOFF > learnt.frame["sale_time"].max()
    assert not set(held["event_seq"]) & set(learnt.frame["event_seq"])
    assert (held["sale_time"] > held["as_of"]).all()


def test_every_training_sale_is_seen_half_an_hour_before(learnt):
    gaps = (learnt.frame["sale_time"] - learnt.frame["as_of"]).dt.total_minutes()
    assert gaps.unique().to_list() == [30]
    assert gaps.value_counts()["count"].n_unique() == 1


def test_the_same_snapshot_and_seed_give_the_same_model_bytes_on_any_number_of_threads(learnt, model):
    for again, threads in ((learnt, 2), (Snapshot.from_parquet(learnt.to_parquet()), 1)):
        assert fit(again, threads=threads, params=PARAMS).to_bytes() == model.to_bytes()
    assert fit(learnt, threads=1, seed=8, params=PARAMS).to_bytes() != model.to_bytes()


def test_it_learns_more_than_the_floor_knows(model, held):
    assert error(model.predict(held).value_eth, held) < 0.8 * error(held["floor_eth"].to_numpy(), held)


def test_shuffled_labels_teach_it_nothing(learnt, model, held):
    shuffled = learnt.frame.filter(pl.col("floor_eth").is_finite()).with_columns(
        price_eth=pl.col("floor_eth") * (pl.col("price_eth") / pl.col("floor_eth")).shuffle(seed=1)
    )
    blind = fit_on(learnt, shuffled)
    assert error(model.predict(held).value_eth, held) < 0.9 * error(blind.predict(held).value_eth, held)


def test_a_planted_leak_would_be_seen(learnt, held):
    """The comparison above has teeth: a column that knows the answer shows up as a collapsing error."""
    answer = (pl.col("price_eth") / pl.col("floor_eth")).log().cast(pl.Float32)
    cheat = fit_on(learnt, learnt.frame.with_columns(held=answer))
    assert error(cheat.predict(held.with_columns(held=answer)).value_eth, held) < 0.03


def test_too_few_sales_are_an_error_that_says_so(learnt):
    with pytest.raises(TooFewSalesError, match="import more history"):
        fit_on(learnt, learnt.frame.head(50))


@pytest.mark.parametrize(("sales", "enough"), [(0, True), (1, False)])
def test_a_fit_asks_for_as_many_sales_as_the_parameters_say(learnt, sales, enough):
    known = learnt.frame.filter(pl.col("floor_eth").is_finite())["event_seq"].n_unique()
    params = PARAMS.model_copy(update={"min_sales": known + sales})
    with nullcontext() if enough else pytest.raises(TooFewSalesError, match=f"a model needs {known + 1}"):
        fit(learnt, threads=2, params=params)


def test_the_file_keeps_the_errors_of_the_fit_in_few_bytes(model):
    residuals, calibration = model.residuals, PARAMS.calibration
    again = ValuationModel.from_bytes(model.to_bytes(), threads=1)
    assert 40 < len(residuals) < 1_000
    assert residuals.time.max() < CUTOFF.timestamp()
    assert residuals.time.min() >= (CUTOFF - timedelta(days=calibration.days)).timestamp()
    assert len(json.dumps(written(residuals))) < 34 * len(residuals) + 200
    made = [one.calibrator().at(CUTOFF) for one in (model, again)]
    made.append(Calibration.fit(residuals, CUTOFF.timestamp(), calibration))
    assert len({one.offsets.tobytes() + one.shifts.tobytes() for one in made}) == 1


def test_a_model_learns_from_what_it_is_asked_to_and_keeps_what_else_it_reads(learnt):
    model = fit(learnt, threads=1, params=PARAMS, features=LEARNT[3:9])
    assert model.features == LEARNT[3:9]
    assert set(model.versions) == {*LEARNT[3:9], "type", *PARAMS.index_rule.features}
    frame = small_market.nowcast().frame
    alone, among_others = (model.predict(one) for one in (frame.select("floor_eth", *model.versions), frame))
    assert alone.value_eth.tobytes() == among_others.value_eth.tobytes()


def test_a_fit_has_reference_rows_and_what_is_assembled_without_a_snapshot_has_none(model):
    assert model.reference_difference() == 0.0
    bare = assembled(model.ensemble, model.residuals, CUTOFF, PARAMS)
    assert bare.reference is None
    assert bare.with_reference(small_market.nowcast().frame).reference_difference() == 0.0

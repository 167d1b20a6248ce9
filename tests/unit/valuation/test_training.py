import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from shared.errors import IntegrityError, UnsupportedModelError
from shared.market.traits import Traits
from shared.snapshots.snapshot import Snapshot
from shared.valuation.conformal import CALIBRATION_DAYS, Calibration
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.inputs import evaluation_snapshot, holdout_cutoff, nowcast_snapshot, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.training import TooFewSalesError, fit
from tests.factories import market

TRAITS = Traits.from_frame(market.punks_frame())
EVENTS = market.events_frame(5, count=4_000)
FOLDED = market.timeline(EVENTS, TRAITS)
PRICES = market.prices()
NOW = datetime.fromtimestamp(market.START + 4_000 * market.STEP_S, UTC)
# Trees that look at every column, so that few of them learn what is there to learn.
PARAMS = replace(
    Params.load(),
    booster={"objective": "reg:absoluteerror", "max_bin": 64, "max_depth": 5, "eta": 0.15, "subsample": 0.8},
    rounds=40,
)
CUTOFF = holdout_cutoff(FOLDED, NOW, 100)


@pytest.fixture(scope="module")
def learnt():
    return training_snapshot(FOLDED, PRICES, CUTOFF)


@pytest.fixture(scope="module")
def model(learnt):
    return fit(learnt, data_cutoff=CUTOFF, threads=1, params=PARAMS)


def test_the_hold_out_has_the_sales_from_the_cut_off_and_training_none_of_them(learnt):
    held = evaluation_snapshot(FOLDED, PRICES, CUTOFF, NOW).frame
    assert held.height == 100
    assert held["sale_time"].min() >= CUTOFF > learnt.frame["sale_time"].max()
    assert not set(held["event_seq"]) & set(learnt.frame["event_seq"])
    assert (held["sale_time"] > held["as_of"]).all()


def test_every_training_sale_is_seen_half_an_hour_before(learnt):
    gaps = (learnt.frame["sale_time"] - learnt.frame["as_of"]).dt.total_minutes()
    assert gaps.unique().to_list() == [30]
    assert gaps.value_counts()["count"].n_unique() == 1


def test_the_same_snapshot_and_seed_give_the_same_model_bytes(learnt, model):
    again = fit(Snapshot.from_parquet(learnt.to_parquet()), data_cutoff=CUTOFF, threads=1, params=PARAMS)
    assert again.to_bytes() == model.to_bytes()
    assert fit(learnt, data_cutoff=CUTOFF, threads=1, seed=8, params=PARAMS).to_bytes() != model.to_bytes()


def test_a_model_read_back_values_alike(model):
    frame = nowcast_snapshot(FOLDED, PRICES, NOW).frame
    values, again = (
        model.predict(frame),
        ValuationModel.from_bytes(model.to_bytes(), threads=1).predict(frame),
    )
    assert values.value_eth.tobytes() == again.value_eth.tobytes()
    assert values.hi90.tobytes() == again.hi90.tobytes()
    assert len(values) == 10_000
    assert set(values.confidence) <= set("ABCD")


def test_it_learns_more_than_the_floor_knows(model):
    held = evaluation_snapshot(FOLDED, PRICES, CUTOFF, NOW).frame
    price, floor = held["price_eth"].to_numpy(), held["floor_eth"].to_numpy()
    error = np.abs(np.log(model.predict(held).value_eth / price)).mean()
    assert error < 0.8 * np.abs(np.log(floor / price)).mean()


def test_shuffled_labels_teach_it_nothing(learnt, model):
    shuffled = learnt.frame.filter(pl.col("floor_eth").is_finite()).with_columns(
        price_eth=pl.col("floor_eth") * (pl.col("price_eth") / pl.col("floor_eth")).shuffle(seed=1)
    )
    blind = fit(
        Snapshot("training", CUTOFF, 0, 0, learnt.feature_schema, shuffled),
        data_cutoff=CUTOFF,
        threads=1,
        params=PARAMS,
    )
    held = evaluation_snapshot(FOLDED, PRICES, CUTOFF, NOW).frame
    price = held["price_eth"].to_numpy()
    errors = [np.abs(np.log(m.predict(held).value_eth / price)).mean() for m in (model, blind)]
    assert errors[0] < 0.9 * errors[1]


def test_a_planted_leak_would_be_seen(learnt):
    """The comparison above has teeth: a column that knows the answer shows up as a collapsing error."""
    leaked = learnt.frame.with_columns(held=(pl.col("price_eth") / pl.col("floor_eth")).log().cast(pl.Float32))
    cheat = fit(
        Snapshot("training", CUTOFF, 0, 0, learnt.feature_schema, leaked), data_cutoff=CUTOFF, threads=1, params=PARAMS
    )
    held = evaluation_snapshot(FOLDED, PRICES, CUTOFF, NOW).frame
    told = held.with_columns(held=(pl.col("price_eth") / pl.col("floor_eth")).log().cast(pl.Float32))
    price = held["price_eth"].to_numpy()
    assert np.abs(np.log(cheat.predict(told).value_eth / price)).mean() < 0.03


def test_too_few_sales_are_an_error_that_says_so(learnt):
    with pytest.raises(TooFewSalesError, match="import more history"):
        fit(
            Snapshot("training", CUTOFF, 0, 0, learnt.feature_schema, learnt.frame.head(50)),
            data_cutoff=CUTOFF,
            threads=1,
            params=PARAMS,
        )


@pytest.mark.parametrize("body", [b"", b"{}", b"\x80\x04pickle"])
def test_bytes_that_are_no_model_are_refused(body):
    with pytest.raises(IntegrityError):
        ValuationModel.from_bytes(body)


@pytest.mark.parametrize("number", [1, 4, 1_000])
def test_a_file_of_another_format_is_sound_but_not_supported(number):
    with pytest.raises(UnsupportedModelError, match="format"):
        ValuationModel.from_bytes(f'{{"format":"punkcast-valuation/{number}"}}'.encode())


def test_a_model_of_another_feature_schema_is_not_supported(model):
    with pytest.raises(UnsupportedModelError, match="feature schema"):
        ValuationModel.from_bytes(model.to_bytes().replace(model.feature_schema.encode(), b"0" * 64))


def test_a_flipped_byte_in_the_trees_is_refused(model):
    body = model.to_bytes()
    middle = body.index(b'"boosters":["') + 40
    with pytest.raises(IntegrityError):
        ValuationModel.from_bytes(body[:middle] + b"!!" + body[middle + 2 :])


def test_the_file_keeps_the_errors_of_the_fit_in_few_bytes(model):
    residuals = model.residuals
    again = ValuationModel.from_bytes(model.to_bytes(), threads=1)
    assert 40 < len(residuals) < 1_000
    assert residuals.time.max() < CUTOFF.timestamp()
    assert residuals.time.min() >= (CUTOFF - timedelta(days=CALIBRATION_DAYS)).timestamp()
    assert len(json.dumps(residuals.as_dict(), separators=(",", ":"))) < 34 * len(residuals)
    assert again.to_bytes() == model.to_bytes()
    assert again.calibration == model.calibration == Calibration.fit(residuals, CUTOFF)


def cut_short(residuals):
    residuals["time"].pop()


@pytest.mark.parametrize(
    "spoil",
    [
        cut_short,
        lambda residuals: residuals.pop("premium"),
        lambda residuals: residuals.update(error="0.1"),
        lambda residuals: residuals["error"].__setitem__(0, float("nan")),
        lambda residuals: residuals["error"].__setitem__(0, float("-inf")),
        lambda residuals: residuals["error"].__setitem__(0, "0.1"),
        lambda residuals: residuals["error"].__setitem__(0, None),
        lambda residuals: residuals["premium"].__setitem__(0, float("inf")),
        lambda residuals: residuals["premium"].__setitem__(0, 0.0),
        lambda residuals: residuals["premium"].__setitem__(0, True),
        lambda residuals: residuals["time"].__setitem__(0, 1.5),
        lambda residuals: residuals["time"].__setitem__(0, 10**30),
    ],
)
def test_errors_that_are_no_errors_are_refused(model, spoil):
    document = json.loads(model.to_bytes())
    spoil(document["residuals"])
    with pytest.raises(IntegrityError, match="not a readable model file"):
        ValuationModel.from_bytes(json.dumps(document).encode())


def test_a_model_with_an_error_that_is_no_number_is_never_written(model):
    broken = replace(model.residuals, error=np.full(len(model.residuals), np.nan))
    with pytest.raises(ValueError, match="not JSON compliant"):
        replace(model, residuals=broken).to_bytes()


def test_columns_may_come_in_any_order(model):
    frame = nowcast_snapshot(FOLDED, PRICES, NOW).frame
    turned = frame.select(reversed(frame.columns))
    assert model.predict(turned).value_eth.tobytes() == model.predict(frame).value_eth.tobytes()
    assert len(FEATURE_NAMES) == frame.width - 2

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from shared.errors import InvalidInputError, UnsupportedModelError
from shared.market.traits import TYPES
from shared.valuation.feature_table import FEATURE_NAMES, LEARNT
from shared.valuation.learners import ensemble
from shared.valuation.learners.ensemble import Ensemble
from shared.valuation.learners.network import Network
from shared.valuation.learners.scaling import Scaling
from shared.valuation.learners.trees import Trees
from shared.valuation.params import Member, Params
from tests.factories import small_market
from tests.factories.file_parts import array, read, written

BOOSTER = {"objective": "reg:absoluteerror", "tree_method": "hist", "max_bin": 64, "eta": 0.1, "max_depth": 5}


def with_booster(**further: object) -> Params:
    quick = small_market.quick()
    trees = type(quick.trees).model_validate({"leave_out": ("trait flags",), "rounds": 20, **BOOSTER, **further})
    return quick.model_copy(update={"trees": trees, "half_life_days": 60.0, "learn_days": 1_000})


PARAMS = with_booster()
SAMPLED = with_booster(subsample=0.7, colsample_bytree=0.5)
RULE = PARAMS.index_rule.features


def trained(frame: pl.DataFrame, age_days: np.ndarray, params: Params = PARAMS, **rest: Any) -> Ensemble:
    asked = {"features": LEARNT, "seed": 7, "seeds": 2, "threads": 1} | rest
    return ensemble.fit(frame, age_days, params, **asked)


@pytest.fixture(scope="module")
def learnt() -> tuple[pl.DataFrame, np.ndarray]:
    frame = small_market.inputs()[0].frame.filter(pl.col("floor_eth").is_finite())
    last = frame["sale_time"].max()
    return frame, (last - frame["sale_time"]).dt.total_seconds().to_numpy() / 86_400.0


@pytest.fixture(scope="module")
def fitted(learnt) -> Ensemble:
    return trained(*learnt)


@pytest.fixture(scope="module")
def unseen() -> pl.DataFrame:
    return small_market.inputs()[1].frame


@pytest.fixture(scope="module")
def usual(fitted, unseen) -> pl.DataFrame:
    """Rows that the learners value."""
    return unseen.filter(~fitted.by_index(unseen))


def of_type(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.with_columns(type=pl.lit(TYPES.index(name), dtype=pl.Float32))


def test_each_learner_of_the_parameters_is_fitted_once_a_seed(fitted):
    made = [(type(learner), learner.start) for learner in fitted.learners]
    assert made == [(ensemble.KINDS[one.kind], one.start) for one in PARAMS.learners for _ in range(2)]


def test_a_value_is_the_mean_of_all_learners_whatever_the_premium(fitted, usual):
    rows = fitted._rows(usual)
    each = [learner.predict(rows) for learner in fitted.learners]
    assert np.ptp(each[0]) > 0.4, "cheap and dear punks"
    assert fitted.predict(usual) == pytest.approx(np.mean(each, axis=0), abs=1e-12)
    assert not np.allclose(each[0], each[2], atol=1e-3)


def test_parts_and_constant_add_up_to_the_prediction(fitted, unseen):
    parts, constant = fitted.contributions(unseen)
    assert fitted.by_index(unseen).any()
    assert parts.shape == (unseen.height, len(LEARNT))
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(unseen), abs=1e-5)
    assert np.count_nonzero(parts.any(axis=0)) > 10


def test_every_punk_that_the_learners_value_has_the_same_constant(fitted, usual):
    _, constant = fitted.contributions(usual)
    assert np.ptp(constant) < 1e-5


def test_where_sales_are_few_there_is_no_network_and_the_others_share_what_it_would_have_counted(learnt, usual):
    count = learnt[0].height

    def asked(sales: int) -> Ensemble:
        network = PARAMS.network.model_copy(update={"min_sales": sales})
        return trained(*learnt, PARAMS.model_copy(update={"network": network}))

    young, old = asked(count + 1), asked(count)
    assert {type(learner) for learner in young.learners} == {Trees}
    assert {type(learner) for learner in old.learners} == {Trees, Network}
    assert written(replace(old, learners=old.learners[:4])) == written(young)
    rows = young._rows(usual)
    assert young.predict(usual) == pytest.approx(np.mean([one.predict(rows) for one in young.learners], axis=0))
    parts, constant = young.contributions(usual)
    assert parts.sum(axis=1) + constant == pytest.approx(young.predict(usual), abs=1e-5)


def test_what_the_linear_forecast_puts_in_counts_for_its_features(fitted, usual):
    parts, _ = fitted.contributions(usual)
    tilted = replace(fitted, linear=replace(fitted.linear, slope=fitted.linear.slope + 0.3))
    scaled = fitted._rows(usual).scaled

    def started(one: Ensemble) -> np.ndarray:
        return np.mean([one.linear.contributions(scaled, learner.start) for learner in one.learners], axis=0)

    moved = (started(tilted) - started(fitted))[:, :-1]
    assert tilted.contributions(usual)[0] - parts == pytest.approx(moved, abs=1e-9)


def test_what_the_network_draws_counts_for_its_features(fitted, usual):
    parts, constant = fitted.contributions(usual)
    rows, networks = fitted._rows(usual), fitted.learners[4:]
    still = tuple(replace(one, out=np.zeros_like(one.out), constant=np.zeros_like(one.constant)) for one in networks)
    without, beside = replace(fitted, learners=(*fitted.learners[:4], *still)).contributions(usual)
    drawn = np.sum([network.contributions(rows) for network in networks], axis=0) / len(fitted.learners)
    assert parts - without == pytest.approx(drawn[:, :-1], abs=1e-9)
    assert constant - beside == pytest.approx(drawn[:, -1], abs=1e-9)


@pytest.mark.parametrize("name", TYPES)
def test_apes_and_aliens_are_valued_by_the_indexs_forecast_and_nobody_else(fitted, unseen, name: str):
    rows = of_type(unseen, name)
    thin = name in ("Ape", "Alien")
    assert set(fitted.by_index(rows)) == {thin}
    forecast = sum(np.nan_to_num(rows[feature].to_numpy().astype(np.float64)) for feature in RULE)
    assert np.allclose(fitted.predict(rows), forecast, atol=1e-12) == thin


def test_the_parts_of_the_indexs_forecast_are_its_features_exactly(fitted, unseen):
    gap = of_type(unseen.head(2), "Alien").with_columns(premium=pl.Series([float("nan"), 40.25], dtype=pl.Float32))
    parts, constant = fitted.contributions(gap)
    assert constant.tolist() == [0.0, 0.0]
    for place, name in enumerate(LEARNT):
        expected = np.nan_to_num(gap[name].to_numpy()) if name in RULE else [0.0, 0.0]
        assert parts[:, place].tolist() == list(expected)
    assert parts.sum(axis=1) == pytest.approx(fitted.predict(gap), abs=1e-12)


def test_what_the_index_forecasts_by_a_feature_that_no_learner_reads_counts_as_constant(learnt, unseen):
    chosen = tuple(name for name in LEARNT if name != "own_effect")
    fitted, aliens = trained(*learnt, features=chosen), of_type(unseen, "Alien")
    parts, constant = fitted.contributions(aliens)
    assert parts.shape == (unseen.height, len(chosen))
    assert constant == pytest.approx(aliens["own_effect"].to_numpy(), abs=1e-12)
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(aliens), abs=1e-12)


def test_the_same_rows_and_seed_give_the_same_bytes_and_another_seed_others(learnt, fitted):
    one, again, other = (trained(*learnt, SAMPLED, seed=seed) for seed in (7, 7, 8))
    assert written(one) == written(again)
    assert all(written(mine) != written(its) for mine, its in zip(one.learners, other.learners, strict=True))
    assert len({json.dumps(written(learner)) for learner in one.learners}) == len(one.learners), "not one several times"
    assert written(trained(*learnt)) == written(fitted)


def test_values_and_reasons_do_not_depend_on_the_number_of_threads(fitted, unseen):
    one, two = (replace(fitted, threads=threads) for threads in (1, 2))
    assert two.predict(unseen).tobytes() == one.predict(unseen).tobytes()
    assert two.contributions(unseen)[0].tobytes() == one.contributions(unseen)[0].tobytes()


def test_a_value_alone_and_among_many_agree_but_for_the_last_of_sixteen_digits(fitted, unseen):
    alone = [float(fitted.predict(unseen[row])[0]) for row in range(30)]
    assert alone == pytest.approx(fitted.predict(unseen)[:30].tolist(), abs=1e-13)


def test_old_sales_weigh_less(learnt):
    """The same rows twice, an old half that says double the price: the new half is believed."""
    frame, _ = learnt
    doubled = pl.concat([frame.with_columns(pl.col("price_eth") * 2), frame])
    age = np.repeat([600.0, 0.0], frame.height)
    fitted = trained(doubled, age)
    rows = ~fitted.by_index(frame)
    believed, old_believed = fitted.predict(frame)[rows], trained(doubled, age[::-1]).predict(frame)[rows]
    truth = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())[rows]
    assert np.median(np.abs(believed - truth)) < 0.1
    assert np.median(old_believed - truth) == pytest.approx(np.log(2), abs=0.15)


def test_an_unknown_part_is_unsupported_and_a_damaged_one_is_refused(fitted):
    def changed(**parts: object) -> Ensemble:
        return read(Ensemble, written(fitted) | parts)

    first, *rest = written(fitted)["learners"]
    with pytest.raises(UnsupportedModelError, match=r"no learner 'forest'; it knows trees, network"):
        changed(learners=[first | {"kind": "forest"}, *rest])
    with pytest.raises(UnsupportedModelError, match="no start 'index'"):
        changed(learners=[first | {"start": "index"}, *rest])
    with pytest.raises(InvalidInputError, match="without a learner"):
        changed(learners=[])
    for part in ("slope", "low"):
        linear = written(fitted)["linear"]
        section, dtype = (linear, "<f8") if part == "slope" else (linear["scaling"], "<f4")
        section[part] = array(np.zeros(len(LEARNT) + 1), dtype)
        with pytest.raises(InvalidInputError, match="not all of its"):
            changed(linear=linear)
    with pytest.raises(InvalidInputError, match="not all of its"):
        changed(features=LEARNT[1:])


def test_a_learner_that_there_is_not_cannot_be_asked_for(learnt):
    params = PARAMS.model_copy(update={"learners": (Member(kind="forest", start="zero"),)})
    with pytest.raises(InvalidInputError, match=r"no learner 'forest'; there are trees, network"):
        trained(*learnt, params)


def test_a_fit_that_fails_says_so_to_whoever_waits_for_it(learnt, monkeypatch):
    def broken(*_: object, **__: object) -> Scaling:
        raise ZeroDivisionError

    monkeypatch.setattr(Scaling, "fit", broken)
    with pytest.raises(ZeroDivisionError):
        trained(*learnt)


def test_the_matrix_has_the_asked_features_in_the_asked_order(unseen):
    matrix = ensemble._matrix(unseen, ("held", "level"))
    assert matrix.tolist() == unseen.select("held", "level").to_numpy().tolist()
    assert ensemble._matrix(unseen, FEATURE_NAMES).dtype == np.float32

"""The blend: exact reasons, shares by premium, the same bytes twice, the same values on any number of threads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest

from shared.market.traits import TYPES
from shared.valuation import blend
from shared.valuation.blend import INDEX_FORECAST, LEARNERS, SEEDS, Blend, index_forecast, is_thin, matrix
from shared.valuation.boosters import STARTS
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.params import Params
from shared.valuation.training import side_by_side
from tests.factories import small_market

PARAMS = Params(
    booster={"objective": "reg:absoluteerror", "tree_method": "hist", "max_bin": 64, "eta": 0.1, "max_depth": 5},
    rounds=20,
    half_life_days=60.0,
    learn_days=1_000,
)


def trained(frame: pl.DataFrame, age_days: np.ndarray, params: Params = PARAMS, *, seed: int = 7, **rest: Any) -> Blend:
    enough = patch.object(blend, "NETWORK_SALES", rest.pop("network_sales", 0))
    with enough, side_by_side(rest.pop("threads", 1)) as pool:
        return blend.train(lambda: (frame, age_days), params, seed=seed, pool=pool, **rest)()


@pytest.fixture(scope="module")
def learnt() -> tuple[pl.DataFrame, np.ndarray]:
    frame = small_market.inputs()[0].frame.filter(pl.col("floor_eth").is_finite())
    last = frame["sale_time"].max()
    return frame, (last - frame["sale_time"]).dt.total_seconds().to_numpy() / 86_400.0


@pytest.fixture(scope="module")
def fitted(learnt) -> Blend:
    return trained(*learnt)


@pytest.fixture(scope="module")
def unseen() -> pl.DataFrame:
    return small_market.inputs()[1].frame


def test_parts_and_constant_add_up_to_the_prediction(fitted, unseen):
    parts, constant = fitted.contributions(unseen)
    assert parts.shape == (unseen.height, len(FEATURE_NAMES))
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(unseen), abs=1e-5)
    assert np.count_nonzero(parts.any(axis=0)) > 10


def test_several_seeds_of_a_learner_count_as_their_mean(learnt, unseen):
    sampled = Params({**PARAMS.booster, "subsample": 0.7}, 20, 60.0, 1_000)
    both = trained(*learnt, sampled, seeds=2)
    one, other = (
        replace(
            both,
            boosters=replace(both.boosters, files=both.boosters.files[place::2]),
            networks=both.networks[place::2],
        )
        for place in (0, 1)
    )
    alone = trained(*learnt, sampled, seeds=1)
    assert alone.boosters.files == one.boosters.files, "the first of each learner is the one it would have alone"
    assert [network.as_dict() for network in alone.networks] == [network.as_dict() for network in one.networks]
    inputs = matrix(unseen, FEATURE_NAMES)
    each = (one._each(unseen, inputs) + other._each(unseen, inputs)) / 2
    assert both._each(unseen, inputs) == pytest.approx(each, abs=1e-9)
    assert not np.allclose(one.predict(unseen), other.predict(unseen), atol=1e-4)
    parts, constant = both.contributions(unseen)
    assert parts.sum(axis=1) + constant == pytest.approx(both.predict(unseen), abs=1e-5)


def test_where_sales_are_few_there_is_no_network_and_the_boosters_share_what_it_would_have_counted(learnt, unseen):
    count = learnt[0].height
    young = trained(*learnt, network_sales=count + 1)
    assert young.networks == ()
    assert len(trained(*learnt, network_sales=count).networks) == SEEDS
    each = young._each(unseen, matrix(unseen, FEATURE_NAMES))
    assert each.shape == (len(STARTS), unseen.height)
    counted = blend.shares(unseen, each)
    assert counted.sum(axis=0) == pytest.approx(1.0, abs=1e-12)
    assert (counted >= 0).all()
    assert young.predict(unseen) == pytest.approx((each * counted).sum(axis=0))
    parts, constant = young.contributions(unseen)
    assert parts.sum(axis=1) + constant == pytest.approx(young.predict(unseen), abs=1e-5)


@pytest.fixture
def equal_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every learner counts the same whatever the premium, so that what one of them adds can be told."""
    monkeypatch.setattr(blend, "SHARES", ((1.0, *[1.0 / len(LEARNERS)] * len(LEARNERS)),))


def test_shares_are_whole_and_move_from_the_learner_of_the_floor_tier_to_those_of_dear_punks(unseen):
    premium = np.linspace(0.5, 30.0, unseen.height)
    each = np.tile(np.log(premium), (len(LEARNERS), 1))
    human = unseen.with_columns(type=pl.lit(TYPES.index("Male"), dtype=pl.Float32))
    shares = blend.shares(human, each)
    assert shares.sum(axis=0) == pytest.approx(1.0, abs=1e-12)
    assert (shares >= 0).all()
    assert (np.diff(shares[LEARNERS.index("nothing")]) <= 1e-12).all()
    assert (np.diff(shares[LEARNERS.index("network")]) >= -1e-12).all()
    assert shares[:, -1].argmax() == LEARNERS.index("network")
    apes = unseen.with_columns(type=pl.lit(TYPES.index("Ape"), dtype=pl.Float32))
    assert (blend.shares(apes, each)[LEARNERS.index("index")] == 1.0).all()


@pytest.mark.usefixtures("equal_shares")
def test_what_the_index_forecast_puts_in_counts_for_its_features_even_where_no_tree_looks_at_them(learnt, unseen):
    chosen = tuple(name for name in FEATURE_NAMES if name != "own_effect")
    fitted = trained(*learnt, features=chosen)
    parts, constant = fitted.contributions(unseen)
    assert parts.shape == (unseen.height, len(chosen))
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(unseen), abs=1e-5)
    # What the second booster starts from moves with the feature, one for one.
    moved = unseen.with_columns(pl.col("own_effect") + 0.6)
    share = np.where(is_thin(unseen), 1.0, 1.0 / len(LEARNERS))
    assert fitted.predict(moved) - fitted.predict(unseen) == pytest.approx(0.6 * share, abs=1e-6)


@pytest.mark.usefixtures("equal_shares")
def test_what_the_linear_forecast_puts_in_counts_for_its_features(fitted, unseen):
    usual = unseen.filter(~is_thin(unseen))
    parts, _ = fitted.contributions(usual)
    tilted = replace(fitted, linear=replace(fitted.linear, slope=fitted.linear.slope + 0.3))
    scaled = fitted.linear.scaling.scaled(matrix(usual, FEATURE_NAMES))
    started = tilted.linear.contributions(scaled) - fitted.linear.contributions(scaled)
    # Two learners start from it.
    assert tilted.contributions(usual)[0] - parts == pytest.approx(started * 2.0 / len(LEARNERS), abs=1e-9)


@pytest.mark.usefixtures("equal_shares")
def test_what_the_network_draws_counts_for_its_features(fitted, unseen):
    usual = unseen.filter(~is_thin(unseen))
    parts, constant = fitted.contributions(usual)
    flat = [replace(network, out=np.zeros_like(network.out)) for network in fitted.networks]
    without, beside = replace(fitted, networks=tuple(flat)).contributions(usual)
    scaled = fitted.linear.scaling.scaled(matrix(usual, FEATURE_NAMES))
    drawn = [network.contributions(scaled) for network in fitted.networks]
    assert parts - without == pytest.approx(np.mean([own for own, _ in drawn], axis=0) / len(LEARNERS), abs=1e-9)
    added = [own - network.constant for (_, own), network in zip(drawn, fitted.networks, strict=True)]
    assert constant - beside == pytest.approx(np.mean(added) / len(LEARNERS), abs=1e-9)


def test_every_punk_has_the_same_constant_and_what_its_blend_moves_is_its_premiums(fitted, unseen):
    _, constant = fitted.contributions(unseen)
    assert is_thin(unseen).any()
    assert np.ptp(constant) < 1e-5


def test_apes_and_aliens_are_left_to_the_booster_that_starts_from_the_index(fitted, unseen):
    alien = unseen.head(3).with_columns(type=pl.lit(TYPES.index("Alien"), dtype=pl.Float32))
    moved = alien.with_columns(premium=pl.Series(matrix(alien, ("premium",))[:, 0] + 40.0))
    parts, constant = fitted.contributions(moved)
    assert parts.sum(axis=1) + constant == pytest.approx(fitted.predict(moved), abs=1e-4)
    assert (fitted.predict(moved) - fitted.predict(alien) > 39.0).all()
    human = moved.with_columns(type=pl.lit(TYPES.index("Male"), dtype=pl.Float32))
    assert (fitted.predict(human) - fitted.predict(alien) < 30.0).all()


def test_the_index_forecast_is_the_sum_of_what_is_known_of_it(unseen):
    gap = unseen.head(2).with_columns(premium=pl.Series([None, 0.25], dtype=pl.Float32).fill_null(float("nan")))
    level, own = gap["level"].to_numpy(), gap["own_effect"].to_numpy()
    assert index_forecast(gap) == pytest.approx([level[0] + own[0], level[1] + own[1] + 0.25], abs=1e-6)
    assert INDEX_FORECAST == ("level", "premium", "own_effect")


def test_the_same_rows_and_seed_give_the_same_bytes_and_another_seed_others(learnt, fitted):
    sampled = Params({**PARAMS.booster, "subsample": 0.7, "colsample_bytree": 0.5}, 20, 60.0, 1_000)
    one, again, other = (trained(*learnt, sampled, seed=seed) for seed in (7, 7, 8))
    assert one.boosters.files == again.boosters.files
    assert one.boosters.files != other.boosters.files
    assert len(set(one.boosters.files)) == SEEDS * len(STARTS), "the boosters are not one several times"
    assert len(one.networks) == SEEDS
    assert len({network.as_dict()["weight"] for network in one.networks}) == SEEDS
    assert same(one, again)
    assert same(trained(*learnt), fitted)


def same(one: Blend, other: Blend) -> bool:
    """Whether two blends have the same bytes."""
    networks = [[network.as_dict() for network in each.networks] for each in (one, other)]
    return (
        one.boosters.files == other.boosters.files
        and one.linear.as_dict() == other.linear.as_dict()
        and networks[0] == networks[1]
    )


def test_values_and_reasons_do_not_depend_on_the_number_of_threads(fitted, unseen):
    two = replace(fitted, boosters=replace(fitted.boosters, threads=2))
    assert two.predict(unseen).tobytes() == fitted.predict(unseen).tobytes()
    assert two.contributions(unseen)[0].tobytes() == fitted.contributions(unseen)[0].tobytes()


def test_a_value_is_the_same_alone_and_among_many(fitted, unseen):
    alone = [float(fitted.predict(unseen[row])[0]) for row in range(30)]
    assert alone == fitted.predict(unseen)[:30].tolist()


def test_a_fit_does_not_depend_on_the_number_of_threads(learnt, fitted):
    assert same(trained(*learnt, threads=3), fitted)


def test_old_sales_weigh_less(learnt):
    """The same rows told twice, an old half that says double the price: the new half is believed."""
    frame, _ = learnt
    doubled = pl.concat([frame.with_columns(pl.col("price_eth") * 2), frame])
    age = np.repeat([600.0, 0.0], frame.height)
    believed = trained(doubled, age).predict(frame)
    old_believed = trained(doubled, age[::-1]).predict(frame)
    truth = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    assert np.median(np.abs(believed - truth)) < 0.1
    assert np.median(old_believed - truth) == pytest.approx(np.log(2), abs=0.15)


def test_the_matrix_has_the_asked_features_in_the_asked_order(unseen):
    assert matrix(unseen, ("held", "level")).tolist() == unseen.select("held", "level").to_numpy().tolist()
    assert matrix(unseen, FEATURE_NAMES).dtype == np.float32

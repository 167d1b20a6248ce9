"""The search for parameters, on made-up walks whose errors depend on the parameters in a known way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import optuna
import polars as pl
import pytest

from services.cli.tuning.search import Search, cost, finished, found, suggest, toml
from shared.errors import ConflictError, IntegrityError
from shared.valuation.params import Params, TreesParams
from tests.factories.predictions import predictions

UNTIL = datetime(2024, 8, 1, tzinfo=UTC)
TREES = {"leave_out": (), "rounds": 260, "objective": "reg:absoluteerror", "max_bin": 64, "eta": 0.06, "max_depth": 6,
         "subsample": 0.8}  # fmt: skip
START = Params.load().model_copy(
    update={"trees": TreesParams.model_validate(TREES), "half_life_days": 900.0, "learn_days": 1_642}
)
Seen = list[tuple[datetime, datetime, Params]]


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def search(seen: Seen, **given: object) -> Search:
    def walk(first: datetime, until: datetime, params: Params) -> pl.DataFrame:
        seen.append((first, until, params))
        # Deep trees are good here; nothing else matters.
        return predictions(80, noise=0.02 * (12 - int(params.trees.booster["max_depth"])), horizons=("30m", "24h"))

    return Search(walk, START, UNTIL, timedelta(days=180), {"until": "2024-07-31", **given})


def test_nothing_after_the_last_day_is_walked_over() -> None:
    seen: Seen = []
    searched = search(seen)
    searched.study("s", None).optimize(searched.objective, n_trials=2)
    assert {until for _, until, _ in seen} == {UNTIL, UNTIL - timedelta(days=180)}
    assert all(until - first == timedelta(days=180) for first, until, _ in seen)


def test_the_first_trial_is_what_is_used_today() -> None:
    seen: Seen = []
    searched = search(seen)
    study = searched.study("s", None)
    study.optimize(searched.objective, n_trials=1)
    filled = {"min_child_weight": 1.0, "colsample_bytree": 1.0, "lambda": 1.0}
    assert seen[0][2].trees.booster == {**START.trees.booster, **filled}
    assert seen[0][2].model_copy(update={"trees": START.trees}) == START


def test_the_search_finds_what_is_better() -> None:
    searched = search([])
    study = searched.study("s", None)
    study.optimize(searched.objective, n_trials=30)
    best = found(study, START).best
    assert int(best.trees.booster["max_depth"]) >= 9
    assert best.trees.booster["objective"] == "reg:absoluteerror"
    assert study.best_value < study.trials[0].value
    assert finished(study) == 30


def test_a_trial_that_is_worse_than_most_is_given_up_after_a_window() -> None:
    searched = search([])
    study = searched.study("s", None)
    study.optimize(searched.objective, n_trials=12)
    study.enqueue_trial({"max_depth": 3})
    study.optimize(searched.objective, n_trials=1)
    last = found(study, START).trials[-1]
    assert (last["state"], len(last["costs"])) == ("pruned", 1)
    assert finished(study) == 13


def test_what_is_written_is_what_was_tried(tmp_path: Path) -> None:
    seen: Seen = []
    searched = search(seen)
    study = searched.study("s", None)
    study.optimize(searched.objective, n_trials=12)
    best = found(study, START).best
    (tmp_path / "params.toml").write_text(toml(best))
    assert Params.load(tmp_path / "params.toml") == best
    assert best in [params for _, _, params in seen]


def test_every_drawn_number_is_within_what_a_fit_accepts() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(200):
        params = suggest(study.ask(), START)
        assert 0 < params.trees.booster["eta"] <= 0.3  # type: ignore[operator]
        assert 0 < params.trees.booster["subsample"] <= 1  # type: ignore[operator]
        assert Params.from_dict(params.model_dump(mode="json"), "drawn") == params


def test_a_study_does_not_go_on_with_something_else() -> None:
    storage = optuna.storages.InMemoryStorage()
    search([], refit_every="56d").study("s", storage)
    search([], refit_every="56d").study("s", storage)
    with pytest.raises(ConflictError, match="begun with other refit_every"):
        search([], refit_every="14d").study("s", storage)


def test_the_cost_is_the_mean_over_horizons_of_both_errors() -> None:
    frame = predictions(3, horizons=("30m", "24h"))
    off = {"30m": [1.1, 1.1, 1.3], "24h": [0.8, 0.8, 0.8]}
    wide = {f"{side}{level}": bound for level in (50, 80, 90) for side, bound in (("lo", 1.0), ("hi", 1e6))}
    frame = frame.with_columns(
        value_eth=pl.col("price_eth") * pl.Series([*off["30m"], *off["24h"]]),
        **{name: pl.lit(bound) for name, bound in wide.items()},
    )
    assert cost(frame) == pytest.approx(((0.1 + 0.5 / 3) + (0.2 + 0.2)) / 2)


def test_a_walk_that_looked_ahead_stops_the_search() -> None:
    ahead = predictions(20).with_columns(data_cutoff=pl.col("as_of") + timedelta(seconds=1))
    with pytest.raises(IntegrityError, match="data from after"):
        cost(ahead)

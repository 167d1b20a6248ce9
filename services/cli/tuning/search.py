"""The search for parameters: nested walks forward over windows that end before anything is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
import optuna
import polars as pl
import tomli_w
from optuna.trial import TrialState

from shared.errors import ConflictError
from shared.evaluation.metrics import scorecard
from shared.evaluation.predictions import check, horizons, scored
from shared.valuation.params import Params

HORIZONS: Final = (timedelta(minutes=30), timedelta(hours=24))
MOST_LEARN_DAYS: Final = 2_500
MOST_ROUNDS: Final = 400
"""More trees than that do not fit into the time that a fit may take."""
WINDOWS: Final = 2
SEED: Final = 7
STARTUP_TRIALS: Final = 8
"""Trials drawn at random, and compared with no other, before the search and the pruning begin."""

Walk = Callable[[datetime, datetime, Params], pl.DataFrame]
"""Predictions of the sales in [first, until) at `HORIZONS` by models with these parameters."""
FINISHED: Final = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class Search:
    """What is searched on. `given` is what a study must have in common with the one it goes on from."""

    walk: Walk
    start: Params
    until: datetime
    window: timedelta
    given: Mapping[str, Any]

    def windows(self) -> list[tuple[datetime, datetime]]:
        """The windows of inner sales, one after the other, the last of them up to `until`."""
        cuts = [self.until - place * self.window for place in range(WINDOWS, -1, -1)]
        return list(pairwise(cuts))

    def study(self, name: str, storage: optuna.storages.BaseStorage | None) -> optuna.Study:
        """The study of that name, a new one if there is none. The first trial of a new one is what is used today.

        Raises:
            ConflictError: it was begun on something else.
        """
        study = optuna.create_study(
            study_name=name,
            storage=storage,
            load_if_exists=True,
            direction="minimize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS),
        )
        if not study.user_attrs:
            for key, value in self.given.items():
                study.set_user_attr(key, value)
            study.enqueue_trial(_as_trial(self.start))
        elif differing := [key for key, value in self.given.items() if study.user_attrs.get(key) != value]:
            raise ConflictError(f"study {name} was begun with other {', '.join(differing)}; name another study")
        # A study that goes on must not draw what it drew before.
        study.sampler = optuna.samplers.TPESampler(seed=SEED + len(study.trials), n_startup_trials=STARTUP_TRIALS)
        return study

    def objective(self, trial: optuna.Trial) -> float:
        """The mean over windows of `cost`; a trial that is worse than most after a window is given up."""
        params = suggest(trial, self.start)
        costs: list[float] = []
        for number, (first, until) in enumerate(self.windows()):
            costs.append(cost(self.walk(first, until, params)))
            trial.report(float(np.mean(costs)), step=number)
            if number + 1 < WINDOWS and trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("costs", costs)
        return float(np.mean(costs))


def cost(predictions: pl.DataFrame) -> float:
    """Mean over the horizons of median APE + MAPE (fractions of the sale price).

    Raises:
        IntegrityError: a prediction breaks an assertion of the split.
    """
    check(predictions)
    cards = []
    for horizon in horizons(predictions):
        sales = scored(predictions, horizon)
        cards.append(scorecard(sales.price, sales.value))
    return float(np.mean([card.median_ape + card.mape for card in cards]))


def suggest(trial: optuna.trial.BaseTrial, start: Params) -> Params:
    """The parameters of a trial. What is not searched is as in `start`."""
    trees = {
        **start.trees.model_dump(),
        "rounds": trial.suggest_int("rounds", 10, MOST_ROUNDS),
        "eta": _short(trial.suggest_float("eta", 0.01, 0.3, log=True)),
        "max_depth": trial.suggest_int("max_depth", 3, 10),
        "min_child_weight": _short(trial.suggest_float("min_child_weight", 1.0, 60.0, log=True)),
        "subsample": _short(trial.suggest_float("subsample", 0.4, 1.0)),
        "colsample_bytree": _short(trial.suggest_float("colsample_bytree", 0.2, 1.0)),
        "lambda": _short(trial.suggest_float("lambda", 0.1, 30.0, log=True)),
    }
    return Params.from_dict(
        start.model_dump(mode="json")
        | {
            "trees": trees,
            "half_life_days": _short(trial.suggest_float("half_life_days", 90.0, 2_000.0, log=True)),
            "learn_days": trial.suggest_int("learn_days", 365, MOST_LEARN_DAYS),
        },
        "a trial",
    )


@dataclass(frozen=True)
class Found:
    """What a study has come to, read from its storage.

    Attributes:
        cost: of the best trial, `number`; `first_cost` that of what was used before, None when it was given up.
        finished: trials that came to an end, pruned ones among them.
        trials: every trial as the JSON log has it.
    """

    best: Params
    number: int
    cost: float
    first_cost: float | None
    finished: int
    trials: list[dict[str, Any]]


def finished(study: optuna.Study) -> int:
    """How many trials came to an end, pruned ones among them."""
    return len(study.get_trials(deepcopy=False, states=FINISHED))


def found(study: optuna.Study, start: Params) -> Found:
    """Raises ValueError when no trial was completed."""
    best = study.best_trial
    trials = study.get_trials(deepcopy=False)
    return Found(
        best=suggest(optuna.trial.FixedTrial(best.params), start),
        number=best.number,
        cost=study.best_value,
        first_cost=trials[0].value,
        finished=finished(study),
        trials=[
            {
                "number": trial.number,
                "state": trial.state.name.lower(),
                "value": trial.value,
                "costs": trial.user_attrs.get("costs", list(trial.intermediate_values.values())),
                "params": trial.params,
            }
            for trial in trials
        ],
    )


def toml(params: Params) -> str:
    """A parameter file as `Params.load` reads it."""
    return tomli_w.dumps(params.model_dump(mode="json"))


def _as_trial(params: Params) -> dict[str, float | int]:
    """The searched ones; XGBoost's own default where the file leaves one out."""
    defaults = {"min_child_weight": 1.0, "subsample": 1.0, "colsample_bytree": 1.0, "lambda": 1.0, "max_depth": 6}
    searched = ("eta", "max_depth", "min_child_weight", "subsample", "colsample_bytree", "lambda")
    booster = {name: params.trees.booster.get(name, defaults.get(name, 0.3)) for name in searched}
    return {
        **booster,
        "rounds": params.trees.rounds,
        "half_life_days": params.half_life_days,
        "learn_days": params.learn_days,
    }


def _short(value: float) -> float:
    """Three digits: what is written to the file is what was tried."""
    return float(f"{value:.3g}")

"""The boosted-tree models whose blend is the value, and what each feature contributes to it.

All predict ln(price / floor) under absolute error, so they aim at the median and a few absurd sales do not bend them.
They differ in where their trees start: from nothing, from the hedonic index's own forecast, from a linear forecast. The
first knows the floor tier best, the last the dear punks, where trees have few sales to stand on; in between their mean
beats any of them (`SHARES`). Apes and aliens are so few that trees learn nothing of them: these are left to the booster
that starts from the index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import polars as pl
import xgboost as xgb

from shared.market.series import Floats
from shared.market.traits import TYPES
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.linear_forecast import LinearForecast, Matrix
from shared.valuation.params import Params

Start = Literal["nothing", "index", "linear"]
STARTS: Final[tuple[Start, ...]] = ("nothing", "index", "linear")
SEEDS: Final = 2
"""Each start is boosted so often, with other draws of rows and columns: the mean errs less than either."""
INDEX_FORECAST: Final = ("level", "premium", "own_effect")
"""Features whose sum is the index's forecast of ln(price / floor), the punk's own past forecast errors included."""
THIN_TYPES: Final = ("Ape", "Alien")
"""So few of these were ever sold that trees and intervals learn nothing of them."""
SHARES: Final[tuple[tuple[float, float, float, float], ...]] = (
    # premium, and what the boosters of STARTS count there
    (1.03, 0.6, 0.2, 0.2),
    (1.06, 1 / 3, 1 / 3, 1 / 3),
    (1.80, 1 / 3, 1 / 3, 1 / 3),
    (2.50, 0.0, 0.25, 0.75),
)
"""By the premium over the floor that the boosters' mean predicts; linear in its logarithm between, constant beyond."""


@dataclass(frozen=True)
class Boosters:
    """Fitted boosters as XGBoost's own UBJSON, equally many for each of `STARTS`, start by start, and the linear
    forecast of the last."""

    files: tuple[bytes, ...]
    linear: LinearForecast
    features: tuple[str, ...]
    threads: int

    @cached_property
    def _loaded(self) -> list[xgb.Booster]:
        boosters = []
        for file in self.files:
            booster = xgb.Booster({"nthread": self.threads})
            booster.load_model(bytearray(file))
            boosters.append(booster)
        return boosters

    def check(self) -> None:
        """Load the files now. Raises XGBoostError when one is damaged, ValueError when one is missing."""
        if not self._loaded or len(self._loaded) % len(STARTS):
            raise ValueError(f"{len(self._loaded)} boosters, not equally many for each of {len(STARTS)} starts")

    @property
    def _seeds(self) -> int:
        """How many boosters each start has."""
        return len(self.files) // len(STARTS)

    def predict(self, frame: pl.DataFrame) -> Floats:
        """Predicted ln(price / floor) of every row, shape (n,)."""
        each = self._each(frame, matrix(frame, self.features))
        blend: Floats = np.einsum("mn,mn->n", each, shares(frame, each))
        return blend

    def _each(self, frame: pl.DataFrame, inputs: Matrix) -> Floats:
        """What is predicted from every start, the mean of its boosters, shape (starts, n)."""
        starts = (np.zeros(frame.height), index_forecast(frame), self.linear.predict(inputs))
        added = np.array([booster.inplace_predict(inputs) for booster in self._loaded], dtype=np.float64)
        each: Floats = np.array(starts) + added.reshape(len(STARTS), self._seeds, frame.height).mean(axis=1)
        return each

    def contributions(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Exact additive parts of `predict`: per feature, shape (n, features), and the constant, shape (n,).

        XGBoost's own SHAP values (Lundberg et al., Nature Machine Intelligence 2, 2020); what a start puts in directly
        counts for the features it is made of. How the boosters are blended is taken as given for the row.
        """
        inputs = matrix(frame, self.features)
        data = xgb.DMatrix(inputs, nthread=self.threads)
        parts, constant = np.zeros((frame.height, len(self.features))), np.zeros(frame.height)
        starts = (self._nothing, self._from_index, self._from_linear)
        counted = shares(frame, self._each(frame, inputs))
        for place, (start, share) in enumerate(zip(starts, counted, strict=True)):
            own = self._loaded[place * self._seeds : (place + 1) * self._seeds]
            told = np.array([booster.predict(data, pred_contribs=True) for booster in own], dtype=np.float64)
            shap = told.mean(axis=0)
            started, at = start(frame, inputs)
            parts += share[:, None] * (shap[:, :-1] + started)
            constant += share * (shap[:, -1] + at)
        return parts, constant

    def _nothing(self, frame: pl.DataFrame, _: Matrix) -> tuple[Floats, Floats]:
        return np.zeros((frame.height, len(self.features))), np.zeros(frame.height)

    def _from_index(self, frame: pl.DataFrame, inputs: Matrix) -> tuple[Floats, Floats]:
        parts, constant = self._nothing(frame, inputs)
        for name in INDEX_FORECAST:
            column = np.nan_to_num(frame[name].to_numpy().astype(np.float64))
            if name in self.features:
                parts[:, self.features.index(name)] += column
            else:
                constant += column
        return parts, constant

    def _from_linear(self, frame: pl.DataFrame, inputs: Matrix) -> tuple[Floats, Floats]:
        return self.linear.contributions(inputs), np.full(frame.height, self.linear.constant)


def train(
    rows: Callable[[], tuple[pl.DataFrame, Floats]],
    params: Params,
    *,
    seed: int,
    pool: Executor,
    features: Sequence[str] = FEATURE_NAMES,
    seeds: int = SEEDS,
) -> Callable[[], Boosters]:
    """Begin to fit, each start on one thread of the pool: calling what comes back waits for all of them.

    `seeds` boosters of each start, with seeds of their own from `seed` on.

    `rows` gives a frame with `price_eth`, `floor_eth` and the features, and each row's age in days, shape (n,): older
    ones weigh less. It is called in the pool, so that fits that wait hold no rows. One thread a start: the bytes do not
    depend on how many threads there are, and starts side by side use them better than trees do.
    """
    begun = [
        pool.submit(
            _fit,
            rows,
            start,
            params,
            seeds=[seed + place + again * len(STARTS) for again in range(seeds)],
            features=features,
        )
        for place, start in enumerate(STARTS)
    ]

    def wait() -> Boosters:
        fitted = [each.result() for each in begun]
        linear = next(linear for _, linear in fitted if linear is not None)
        return Boosters(tuple(file for files, _ in fitted for file in files), linear, tuple(features), threads=1)

    return wait


def _fit(
    rows: Callable[[], tuple[pl.DataFrame, Floats]],
    start: Start,
    params: Params,
    *,
    seeds: Sequence[int],
    features: Sequence[str],
) -> tuple[list[bytes], LinearForecast | None]:
    """The boosters of one start: what they learn from is binned once for all of its seeds."""
    frame, age_days = rows()
    inputs, linear = matrix(frame, features), None
    target = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    weight = 0.5 ** (age_days / params.half_life_days)
    if start == "index":
        target = target - index_forecast(frame)
    elif start == "linear":
        linear = LinearForecast.fit(inputs, target, weight)
        target = target - linear.predict(inputs)
    data = xgb.QuantileDMatrix(
        inputs, label=target, weight=weight, nthread=1, max_bin=int(params.booster.get("max_bin", 256))
    )
    fitted = [xgb.train({**params.booster, "nthread": 1, "seed": seed}, data, int(params.rounds)) for seed in seeds]
    return [bytes(booster.save_raw("ubj")) for booster in fitted], linear


def matrix(frame: pl.DataFrame, features: Sequence[str]) -> Matrix:
    """The features in order, shape (n, features)."""
    return frame.select(features).to_numpy().astype(np.float32, copy=False)


def index_forecast(frame: pl.DataFrame) -> Floats:
    """The index's forecast of ln(price / floor), 0 for what it does not know yet, shape (n,)."""
    parts = frame.select(INDEX_FORECAST).to_numpy().astype(np.float64)
    forecast: Floats = np.nan_to_num(parts).sum(axis=1)
    return forecast


def is_thin(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are of `THIN_TYPES`, shape (n,)."""
    thin: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isin(
        frame["type"].to_numpy(), [TYPES.index(name) for name in THIN_TYPES]
    )
    return thin


def shares(frame: pl.DataFrame, each: Floats) -> Floats:
    """What each start counts in each row's value, shape (starts, n); `each` is what is predicted from them."""
    premium, *columns = np.array(SHARES).T
    at = each.mean(axis=0)
    blended = np.array([np.interp(at, np.log(premium), column) for column in columns])
    alone = np.array([[1.0 if start == "index" else 0.0] for start in STARTS])
    counted: Floats = np.where(is_thin(frame), alone, blended)
    return counted

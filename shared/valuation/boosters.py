"""The two boosted-tree models whose mean is the value, and what each feature contributes to it.

Both predict ln(price / floor) under absolute error, so they aim at the median and a few absurd sales do not bend them.
One starts from nothing, the other from the hedonic index's own forecast: the first knows the floor tier better, the
second the rare punks, whose few sales the index shrinks more wisely than trees do. Their mean beats either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from shared.market.series import Floats
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.params import Params

INDEX_FORECAST = ("level", "premium", "own_effect")
"""Features whose sum is the index's forecast of ln(price / floor), the punk's own past forecast errors included."""
START_FROM_INDEX = (False, True)


@dataclass(frozen=True)
class Boosters:
    """Fitted boosters as XGBoost's own UBJSON, one for each entry of `START_FROM_INDEX`."""

    files: tuple[bytes, ...]
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
        if len(self._loaded) != len(START_FROM_INDEX):
            raise ValueError(f"{len(self._loaded)} boosters instead of {len(START_FROM_INDEX)}")

    def predict(self, frame: pl.DataFrame) -> Floats:
        """Predicted ln(price / floor) of every row, shape (n,)."""
        inputs, start = matrix(frame, self.features), index_forecast(frame)
        total = np.zeros(frame.height)
        for booster, from_index in zip(self._loaded, START_FROM_INDEX, strict=True):
            total += booster.inplace_predict(inputs).astype(np.float64) + (start if from_index else 0.0)
        return total / len(self.files)

    def contributions(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Exact additive parts of `predict`: per feature, shape (n, features), and the constant, shape (n,).

        XGBoost's own SHAP values (Lundberg et al., Nature Machine Intelligence 2, 2020); what the index forecast puts
        in directly counts for the features it is made of.
        """
        inputs = matrix(frame, self.features)
        parts = np.zeros((frame.height, len(self.features)))
        constant = np.zeros(frame.height)
        data = xgb.DMatrix(inputs, nthread=self.threads)
        for booster, from_index in zip(self._loaded, START_FROM_INDEX, strict=True):
            shap = booster.predict(data, pred_contribs=True).astype(np.float64)
            parts += shap[:, :-1]
            constant += shap[:, -1]
            if from_index:
                for name in INDEX_FORECAST:
                    column = np.nan_to_num(frame[name].to_numpy().astype(np.float64))
                    if name in self.features:
                        parts[:, self.features.index(name)] += column
                    else:
                        constant += column
        return parts / len(self.files), constant / len(self.files)


def train(
    frame: pl.DataFrame,
    age_days: Floats,
    params: Params,
    *,
    seed: int,
    threads: int,
    features: Sequence[str] = FEATURE_NAMES,
) -> Boosters:
    """Fit on rows with `price_eth`, `floor_eth` and the features; older ones (`age_days`, shape (n,)) weigh less."""
    target = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    inputs, start = matrix(frame, features), index_forecast(frame)
    settings = {**params.booster, "nthread": threads}
    weight = 0.5 ** (age_days / params.half_life_days)
    # Binned once: the boosters differ in what they predict, not in what they see.
    data = xgb.QuantileDMatrix(
        inputs, label=target, weight=weight, nthread=threads, max_bin=int(params.booster.get("max_bin", 256))
    )
    files = []
    for place, from_index in enumerate(START_FROM_INDEX):
        data.set_label(target - start if from_index else target)
        fitted = xgb.train({**settings, "seed": seed + place}, data, int(params.rounds))
        files.append(bytes(fitted.save_raw("ubj")))
    return Boosters(tuple(files), tuple(features), threads)


def matrix(frame: pl.DataFrame, features: Sequence[str]) -> npt.NDArray[np.float32]:
    """The features in order, shape (n, features)."""
    return frame.select(features).to_numpy().astype(np.float32, copy=False)


def index_forecast(frame: pl.DataFrame) -> Floats:
    """The index's forecast of ln(price / floor), 0 for what it does not know yet, shape (n,)."""
    parts = frame.select(INDEX_FORECAST).to_numpy().astype(np.float64)
    forecast: Floats = np.nan_to_num(parts).sum(axis=1)
    return forecast

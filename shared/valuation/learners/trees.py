"""Boosted trees of ln(price / floor) by XGBoost, from zero or from the floored linear forecast.

They minimise absolute error, so they estimate the median, and a few outliers do not bend them. Trees from zero are best
in the floor tier; trees from the floored forecast are best for expensive punks, where sales are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import xgboost as xgb

from shared.errors import InvalidInputError
from shared.market.series import Floats
from shared.valuation.feature_table import GROUPS
from shared.valuation.file_fields import Bytes
from shared.valuation.learners.learner import Rows, TrainingSet
from shared.valuation.params import Params, Start


@dataclass(frozen=True)
class Trees:
    """One fitted booster.

    Attributes:
        file: XGBoost's UBJSON.
        columns: indices of the features that it reads.
        features: number of the model's features.
    """

    KIND: ClassVar[str] = "trees"

    start: Start
    file: Bytes
    columns: tuple[int, ...]
    features: int

    def __post_init__(self) -> None:
        if not all(0 <= column < self.features for column in self.columns):
            raise InvalidInputError("a booster reads a feature that the model lacks")
        if self._booster.num_features() != len(self.columns):
            raise InvalidInputError(f"a booster of {self._booster.num_features()} features, not {len(self.columns)}")

    @classmethod
    def fit(cls, training: TrainingSet, params: Params, *, start: Start, seeds: Sequence[int]) -> tuple[Trees, ...]:
        """As `Learner.fit`. The rows are binned once for all seeds."""
        columns = tuple(
            column for column, name in enumerate(training.features) if GROUPS[name] not in params.trees.leave_out
        )
        data = xgb.QuantileDMatrix(
            training.rows.raw[:, columns],
            label=training.target,
            weight=training.weight,
            base_margin=training.rows.started(start),
            max_bin=params.trees.max_bin,
            nthread=1,
        )
        settings = {**params.trees.booster, "nthread": 1}
        boosters = [xgb.train({**settings, "seed": seed}, data, params.trees.rounds) for seed in seeds]
        return tuple(
            cls(start, bytes(booster.save_raw("ubj")), columns, len(training.features)) for booster in boosters
        )

    @cached_property
    def _booster(self) -> xgb.Booster:
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(self.file))
        return booster

    def predict(self, rows: Rows) -> Floats:
        """As `Learner.predict`."""
        predicted = self._booster.inplace_predict(rows.raw[:, self.columns], base_margin=rows.started(self.start))
        return np.asarray(predicted, dtype=np.float64)

    def contributions(self, rows: Rows) -> Floats:
        """As `Learner.contributions`: XGBoost's SHAP values (Lundberg et al., Nature Machine Intelligence 2, 2020)."""
        margin = np.zeros(len(rows.raw)) if self.start != "zero" else None
        data = xgb.DMatrix(rows.raw[:, self.columns], base_margin=margin, nthread=1)
        parts = np.zeros((len(rows.raw), self.features + 1))
        parts[:, [*self.columns, self.features]] = self._booster.predict(data, pred_contribs=True)
        return parts

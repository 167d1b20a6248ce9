"""Boosted trees of ln(price / floor) that start from different places.

All are XGBoost under absolute error, so they aim at the median and a few absurd sales do not bend them. They differ in
where their trees start: from nothing, from the hedonic index's own forecast, from a linear forecast. The first knows
the floor tier best, the last the dear punks, where trees have few sales to stand on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import xgboost as xgb

from shared.market.series import Floats
from shared.valuation.feature_table import FLAGS
from shared.valuation.params import Params
from shared.valuation.scaling import Matrix

Start = Literal["nothing", "index", "linear"]
STARTS: Final[tuple[Start, ...]] = ("nothing", "index", "linear")


@dataclass(frozen=True)
class Boosters:
    """Fitted boosters as XGBoost's own UBJSON, equally many for each of `STARTS`, start by start."""

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
        if not self._loaded or len(self._loaded) % len(STARTS):
            raise ValueError(f"{len(self._loaded)} boosters, not equally many for each of {len(STARTS)} starts")

    def predict(self, inputs: Matrix) -> Floats:
        """What is added to every start, the mean of its boosters, shape (starts, n)."""
        inputs = _for_trees(inputs, self.features)
        added = [booster.inplace_predict(inputs) for booster in self._loaded]
        return self._by_start(np.array(added, dtype=np.float64))

    def contributions(self, inputs: Matrix) -> Floats:
        """Exact additive parts of `predict`, per feature and at last the constant, shape (starts, n, features + 1).

        XGBoost's own SHAP values (Lundberg et al., Nature Machine Intelligence 2, 2020).
        """
        data = xgb.DMatrix(_for_trees(inputs, self.features), nthread=self.threads)
        told = [booster.predict(data, pred_contribs=True) for booster in self._loaded]
        return self._by_start(np.array(told, dtype=np.float64))

    def _by_start(self, each: Floats) -> Floats:
        mean: Floats = each.reshape(len(STARTS), len(self.files) // len(STARTS), *each.shape[1:]).mean(axis=1)
        return mean


def fit(
    inputs: Matrix, added: Floats, weight: Floats, params: Params, *, features: Sequence[str], seeds: Sequence[int]
) -> list[bytes]:
    """Boosters of what is to be added to a start, one for each seed, on one thread.

    What they learn from is binned once for all of them.
    """
    data = xgb.QuantileDMatrix(
        _for_trees(inputs, features),
        label=added,
        weight=weight,
        nthread=1,
        max_bin=int(params.booster.get("max_bin", 256)),
    )
    fitted = [xgb.train({**params.booster, "nthread": 1, "seed": seed}, data, int(params.rounds)) for seed in seeds]
    return [bytes(booster.save_raw("ubj")) for booster in fitted]


def _for_trees(inputs: Matrix, features: Sequence[str]) -> Matrix:
    """The flags of what a punk lacks are missing, not 0.

    Trees can tell no more by a flag than who has it, and do so either way; of what is missing no histogram is made,
    and a fit takes a fifth less.
    """
    flag = np.array([name in FLAGS for name in features])
    told: Matrix = np.where(flag & (inputs == 0.0), np.float32(np.nan), inputs)
    return told

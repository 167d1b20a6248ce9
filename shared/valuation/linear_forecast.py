"""A robust ridge regression of ln(price / floor) on all features, as a place for trees and networks to start from.

Trees cannot go beyond what they saw and give the few rare punks the mean of a leaf; a straight line carries on. It is
fitted under absolute error by iteratively reweighted least squares (Holland & Welsch, Communications in Statistics 6,
1977), with an L2 penalty on scaled features (Hoerl & Kennard, Technometrics 12, 1970). Flags, 0 or 1, keep their unit
(`Scaling`): the slope of a trait that hardly any sale had is drawn to zero, where standardised it would be as free as
that of one that half of them had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.errors import InvalidInputError
from shared.market.series import Floats
from shared.valuation.scaling import Matrix, Scaling

PENALTY = 3e-3
"""Of the squared coefficients, for each unit of weight."""
ROUNDS = 4
NEAR = 0.03
"""Errors (log units) below this count as squares, above it by their size."""
_DIGITS = 6
"""Behind the point, of constant and slopes: far below what values can tell, far above what a processor's sums leave."""


@dataclass(frozen=True)
class LinearForecast:
    """A constant, and the slope of every scaled feature, shape (features,)."""

    constant: float
    slope: Floats
    scaling: Scaling

    @classmethod
    def fit(cls, inputs: Matrix, target: Floats, weight: Floats) -> LinearForecast:
        """From features, shape (n, features), NaN where unknown; ln(price / floor) and weights, shape (n,)."""
        scaling = Scaling.fit(inputs, weight)
        design = np.column_stack([np.ones(len(inputs)), scaling.scaled(inputs)])
        penalised = np.eye(design.shape[1])
        penalised[0, 0] = 0.0
        counts, solved = weight, np.zeros(design.shape[1])
        for _ in range(ROUNDS):
            weighted = design * counts[:, None]
            solved = np.linalg.solve(weighted.T @ design + PENALTY * counts.sum() * penalised, weighted.T @ target)
            counts = weight * NEAR / np.maximum(np.abs(target - design @ solved), NEAR)
        # The order in which a processor adds shows in the last digits only; without these it cannot reach the trees.
        constant, *slope = np.round(solved, _DIGITS).tolist()
        return cls(constant, np.array(slope, dtype=np.float64), scaling)

    def predict(self, scaled: Floats) -> Floats:
        """ln(price / floor) of scaled features, shape (n, features); shape (n,)."""
        predicted: Floats = self.constant + self.contributions(scaled).sum(axis=1)
        return predicted

    def contributions(self, scaled: Floats) -> Floats:
        """What each feature adds to the constant, shape (n, features)."""
        return scaled * self.slope

    def as_dict(self) -> dict[str, Any]:
        return {"constant": self.constant, "slope": self.slope.tolist(), **self.scaling.as_dict()}

    @classmethod
    def from_dict(cls, document: dict[str, Any], features: int) -> LinearForecast:
        """Raises InvalidInputError when an array is not of so many finite numbers, KeyError when one is missing."""
        slope, constant = np.array(document["slope"], dtype=np.float64), float(document["constant"])
        if slope.shape != (features,) or not np.isfinite([constant, *slope]).all():
            raise InvalidInputError(f"a linear forecast of {features} features needs as many finite slopes")
        return cls(constant, slope, Scaling.from_dict(document, features))

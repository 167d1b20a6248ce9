"""A robust ridge regression of ln(price / floor) on all features: the base margin of trees and networks.

Trees cannot extrapolate and give rare punks the mean of a leaf; a line extrapolates. The fit
minimises absolute error by iteratively reweighted least squares (Holland & Welsch, Communications in Statistics 6,
1977), with an L2 penalty on scaled features (Hoerl & Kennard, Technometrics 12, 1970). Flags keep their unit
(`Scaling`), so a rare trait's coefficient shrinks to zero; standardised, it would be penalised no more than a common
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import FiniteFloat

from shared.market.series import Floats
from shared.valuation.file_fields import Numbers
from shared.valuation.learners.scaling import Matrix, Scaling
from shared.valuation.params import LinearParams, Start


@dataclass(frozen=True)
class LinearForecast:
    """A constant, and the slope of every scaled feature, shape (features,)."""

    constant: FiniteFloat
    slope: Numbers
    scaling: Scaling
    least: FiniteFloat = 0.0  # no learner in files of earlier releases reads it

    @classmethod
    def fit(cls, raw: Matrix, target: Floats, weight: Floats, params: LinearParams) -> LinearForecast:
        """From features, shape (n, features), NaN where unknown; ln(price / floor) and weights, shape (n,)."""
        scaling = Scaling.fit(raw, weight, tail=params.tail)
        design = np.column_stack([np.ones(len(raw)), scaling.scaled(raw)])
        penalised = np.eye(design.shape[1])
        penalised[0, 0] = 0.0
        counts, solved = weight, np.zeros(design.shape[1])
        for _ in range(params.rounds):
            weighted = design * counts[:, None]
            normal = weighted.T @ design + params.penalty * counts.sum() * penalised
            solved = np.linalg.solve(normal, weighted.T @ target)
            counts = weight * params.near / np.maximum(np.abs(target - design @ solved), params.near)
        return cls(float(solved[0]), solved[1:], scaling, params.least)

    def predict(self, scaled: Matrix) -> Floats:
        """ln(price / floor) of scaled features, shape (n, features); shape (n,)."""
        # Not a matrix product, so that a row's sum is the same alone and among many rows.
        predicted: Floats = np.einsum("nf,f->n", scaled, self.slope, dtype=np.float64) + self.constant
        return predicted

    def started(self, line: Floats, start: Start) -> Floats:
        """The base margin of learners with this forecast, shape (n,)."""
        return {"zero": np.zeros_like(line), "linear": line, "floored": np.maximum(line, self.least)}[start]

    def contributions(self, scaled: Matrix, start: Start) -> Floats:
        """Additive parts of the base margin: per feature, then the constant, shape (n, features + 1).

        The effect of `least` is divided over the features by the rescale rule of DeepLIFT (Shrikumar et al., ICML
        2017).
        """
        parts = scaled * self.slope
        pre_activation, constant = parts.sum(axis=1), self.started(np.array([self.constant]), start)
        more = self.started(pre_activation + self.constant, start) - constant
        passed = np.divide(more, pre_activation, out=np.zeros_like(pre_activation), where=pre_activation != 0.0)
        return np.column_stack([parts * passed[:, None], np.broadcast_to(constant, len(parts))])

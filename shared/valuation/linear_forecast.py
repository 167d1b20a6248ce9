"""A robust ridge regression of ln(price / floor) on all features, as a place for trees to start from.

Trees cannot go beyond what they saw and give the few rare punks the mean of a leaf; a straight line carries on. It is
fitted under absolute error by iteratively reweighted least squares (Holland & Welsch, Communications in Statistics 6,
1977), with an L2 penalty on standardised features (Hoerl & Kennard, Technometrics 12, 1970). Flags, 0 or 1, are
penalised as they are: the rarer a trait among the sales, the more its slope is drawn to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.errors import InvalidInputError
from shared.market.series import Floats

Matrix = npt.NDArray[np.float32]

PENALTY = 3e-3
"""Of the squared coefficients, for each unit of weight."""
ROUNDS = 4
NEAR = 0.03
"""Errors (log units) below this count as squares, above it by their size."""
TAIL = 0.001
"""What lies beyond this share of either end of a feature is brought to it: one absurd number would tilt the line."""
_DIGITS = 9


@dataclass(frozen=True)
class LinearForecast:
    """Constant and slopes; a feature is clipped to [low, high], and its centre where unknown. Shape (features,)."""

    constant: float
    slope: Floats
    centre: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, inputs: Matrix, target: Floats, weight: Floats) -> LinearForecast:
        """From features, shape (n, features), NaN where unknown; ln(price / floor) and weights, shape (n,)."""
        low, centre, high = _spread(inputs)
        moved = _moved(inputs, low, centre, high)
        scale = np.sqrt(np.average(moved**2, axis=0, weights=weight))
        # A flag keeps its unit: standardised, one that hardly any sale has would be as free as one that half have.
        scale = np.where(((inputs == 0.0) | (inputs == 1.0)).all(axis=0), np.ceil(scale), scale)
        # A feature that never moves says nothing: its slope stays zero.
        scale = np.where(scale > 0.0, scale, np.inf)
        design = np.column_stack([np.ones(len(moved)), moved / scale])
        penalised = np.eye(design.shape[1])
        penalised[0, 0] = 0.0
        counts, solved = weight, np.zeros(design.shape[1])
        for _ in range(ROUNDS):
            weighted = design * counts[:, None]
            solved = np.linalg.solve(weighted.T @ design + PENALTY * counts.sum() * penalised, weighted.T @ target)
            counts = weight * NEAR / np.maximum(np.abs(target - design @ solved), NEAR)
        # The order in which a processor adds shows in the last digits only; without these it cannot reach the trees.
        return cls(float(_rounded(solved[:1])[0]), _rounded(solved[1:] / scale), centre, low, high)

    def predict(self, inputs: Matrix) -> Floats:
        """ln(price / floor), shape (n,)."""
        predicted: Floats = self.constant + self.contributions(inputs).sum(axis=1)
        return predicted

    def contributions(self, inputs: Matrix) -> Floats:
        """What each feature adds to the constant, shape (n, features)."""
        return _moved(inputs, self.low, self.centre, self.high) * self.slope

    def as_dict(self) -> dict[str, Any]:
        return {
            "constant": self.constant,
            **{name: getattr(self, name).tolist() for name in ("slope", "centre", "low", "high")},
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any], features: int) -> LinearForecast:
        """Raises InvalidInputError when an array is not of so many finite numbers, KeyError when one is missing."""
        arrays = [np.array(document[name], dtype=np.float64) for name in ("slope", "centre", "low", "high")]
        constant = float(document["constant"])
        if any(array.shape != (features,) for array in arrays) or not np.isfinite([constant, *np.ravel(arrays)]).all():
            raise InvalidInputError(f"a linear forecast of {features} features needs as many finite numbers each")
        return cls(constant, *arrays)


def _spread(inputs: Matrix) -> tuple[Floats, Floats, Floats]:
    """Low, median and high of every feature, 0 where nothing is known of it, shape (features,)."""
    ordered = np.sort(inputs, axis=0)  # NaNs last
    last = np.isfinite(ordered).sum(axis=0) - 1
    column = np.arange(inputs.shape[1])
    low, centre, high = (
        np.where(last >= 0, ordered[np.rint(share * np.maximum(last, 0)).astype(np.int64), column], 0.0).astype(
            np.float64
        )
        for share in (TAIL, 0.5, 1.0 - TAIL)
    )
    return low, centre, high


def _moved(inputs: Matrix, low: Floats, centre: Floats, high: Floats) -> Floats:
    """How far each feature is from its centre, shape (n, features)."""
    known: Floats = np.where(np.isfinite(inputs), inputs, centre).astype(np.float64)
    moved: Floats = np.clip(known, low, high) - centre
    return moved


def _rounded(numbers: Floats) -> Floats:
    """To `_DIGITS` significant digits."""
    size = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.maximum(np.abs(numbers), 1e-300))))
    rounded: Floats = np.where(numbers == 0.0, 0.0, np.rint(numbers * size) / size)
    return rounded

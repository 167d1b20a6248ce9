"""Features brought to one scale, as a line or a network needs them: trees do without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.errors import InvalidInputError
from shared.market.series import Floats

Matrix = npt.NDArray[np.float32]

TAIL: Final = 0.001
"""What lies beyond this share of either end of a feature is brought to it: one absurd number would tilt the line."""
_PARTS: Final = ("low", "centre", "high", "scale")


@dataclass(frozen=True)
class Scaling:
    """A feature is clipped to [low, high], its centre (median) where unknown, and told in units of `scale`, its root
    mean square around the centre. Flags, 0 or 1, keep their unit. Shape (features,) each."""

    low: Floats
    centre: Floats
    high: Floats
    scale: Floats

    @classmethod
    def fit(cls, inputs: Matrix, weight: Floats) -> Scaling:
        """From features, shape (n, features), NaN where unknown, and weights, shape (n,)."""
        low, centre, high = _spread(inputs)
        usual = cls(low, centre, high, np.ones(inputs.shape[1]))
        scale = np.sqrt(np.average(usual.scaled(inputs) ** 2, axis=0, weights=weight))
        # In single precision: how a processor orders a sum shows in the last digits of a double.
        scale = scale.astype(np.float32).astype(np.float64)
        flag = ((inputs == 0.0) | (inputs == 1.0)).all(axis=0)
        # What never moves is zero on any scale.
        return cls(low, centre, high, np.where(flag | (scale == 0.0), 1.0, scale))

    def scaled(self, inputs: Matrix) -> Floats:
        """How far each feature is from its centre, shape (n, features)."""
        known: Floats = np.where(np.isfinite(inputs), inputs, self.centre).astype(np.float64)
        scaled: Floats = (np.clip(known, self.low, self.high) - self.centre) / self.scale
        return scaled

    def as_dict(self) -> dict[str, list[float]]:
        return {name: getattr(self, name).tolist() for name in _PARTS}

    @classmethod
    def from_dict(cls, document: dict[str, Any], features: int) -> Scaling:
        """Raises InvalidInputError when an array is not of so many finite numbers, KeyError when one is missing."""
        arrays = [np.array(document[name], dtype=np.float64) for name in _PARTS]
        if any(array.shape != (features,) for array in arrays) or not np.isfinite(np.ravel(arrays)).all():
            raise InvalidInputError(f"a scaling of {features} features needs as many finite numbers each")
        if not (arrays[-1] > 0.0).all():
            raise InvalidInputError("a scaling needs a scale above zero for every feature")
        return cls(*arrays)


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

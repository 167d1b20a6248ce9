"""Features on one scale, as a line or a network needs them; trees do without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats
from shared.valuation.file_fields import PositiveSingles, Singles

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scaling:
    """A feature is clipped to [low, high], set to its centre (the median) where unknown, and counted from there in
    units of `scale`, its root mean square around the centre. Flags (0 or 1) keep their unit. Shape (features,) each."""

    low: Singles
    centre: Singles
    high: Singles
    scale: PositiveSingles

    @classmethod
    def fit(cls, raw: Matrix, weight: Floats, *, tail: float) -> Scaling:
        """From features, shape (n, features), NaN where unknown, and weights, shape (n,).

        Features are clipped to the quantiles `tail` and 1 - `tail`: one absurd number would tilt the line.
        """
        ordered = np.sort(raw, axis=0)  # NaNs last
        low, centre, high = (_quantile(ordered, share) for share in (tail, 0.5, 1.0 - tail))
        plain = cls(low, centre, high, np.ones_like(low))
        spread = np.sqrt(np.average(plain.scaled(raw).astype(np.float64) ** 2, axis=0, weights=weight))
        scale = spread.astype(np.float32)
        flag = ((raw == 0.0) | (raw == 1.0)).all(axis=0)
        # What never moves is zero on any scale.
        return cls(low, centre, high, np.where(flag | (scale == 0.0), np.float32(1.0), scale))

    def scaled(self, raw: Matrix) -> Matrix:
        """How far each feature is from its centre, shape (n, features)."""
        scaled = np.where(np.isfinite(raw), raw, self.centre)
        np.clip(scaled, self.low, self.high, out=scaled)
        scaled -= self.centre
        scaled /= self.scale
        return scaled


def _quantile(ordered: Matrix, share: float) -> Matrix:
    """Of every feature's known values, 0 where none is known, shape (features,)."""
    last = np.isfinite(ordered).sum(axis=0) - 1
    place = np.rint(share * np.maximum(last, 0)).astype(np.int64)
    return np.where(last >= 0, ordered[place, np.arange(ordered.shape[1])], np.float32(0.0))

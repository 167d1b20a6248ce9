"""Features on one scale, for the line and the network; trees need none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats
from shared.valuation.file_fields import PositiveSingles, Singles

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scaling:
    """A feature is clipped to [low, high] and set to its centre (the median) where unknown.

    The result is the distance from the centre in units of `scale`, the root mean square around the centre. Flags (0 or
    1) keep their unit. Shape (features,) each.
    """

    low: Singles
    centre: Singles
    high: Singles
    scale: PositiveSingles

    @classmethod
    def fit(cls, raw: Matrix, weight: Floats, *, tail: float) -> Scaling:
        """From features, shape (n, features), NaN where unknown, and weights, shape (n,).

        Features are clipped to the quantiles `tail` and 1 - `tail`, so that one outlier cannot tilt the line.
        """
        ordered = np.sort(raw, axis=0)  # NaNs last
        low, centre, high = (_quantile(ordered, share) for share in (tail, 0.5, 1.0 - tail))
        plain = cls(low, centre, high, np.ones_like(low))
        spread = np.sqrt(np.average(plain.scaled(raw).astype(np.float64) ** 2, axis=0, weights=weight))
        scale = spread.astype(np.float32)
        flag = ((raw == 0.0) | (raw == 1.0)).all(axis=0)
        # A constant feature is zero on any scale.
        return cls(low, centre, high, np.where(flag | (scale == 0.0), np.float32(1.0), scale))

    def scaled(self, raw: Matrix) -> Matrix:
        """The scaled distance of each feature from its centre, shape (n, features)."""
        scaled = np.where(np.isfinite(raw), raw, self.centre)
        np.clip(scaled, self.low, self.high, out=scaled)
        scaled -= self.centre
        scaled /= self.scale
        return scaled


def _quantile(ordered: Matrix, share: float) -> Matrix:
    """Quantile of every feature's known values, 0 without any, shape (features,)."""
    last = np.isfinite(ordered).sum(axis=0) - 1
    index = np.rint(share * np.maximum(last, 0)).astype(np.int64)
    return np.where(last >= 0, ordered[index, np.arange(ordered.shape[1])], np.float32(0.0))

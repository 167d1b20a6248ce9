"""Segment-wise (Mondrian) split-conformal intervals on the log ratio of price to value.

Lower and upper quantiles are taken separately, with the finite-sample correction of split conformal prediction
(Vovk et al., Algorithmic Learning in a Random World, 2005; Papadopoulos et al. 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, inf

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats

SEGMENT_BOUNDS = (1.08, 1.3, 2.5)
"""Bounds of the predicted premium (value / floor)."""
LEVELS = (0.5, 0.8, 0.9)
MIN_RESIDUALS = 40
"""A segment with fewer residuals borrows those of the segment below it."""
THIN_WIDENING = 1.5


def segment_of(premium: Floats) -> npt.NDArray[np.int64]:
    """Index of the premium segment, 0 (floor tier) to 3 (rare), shape of `premium`."""
    return np.searchsorted(np.array(SEGMENT_BOUNDS), premium, side="right").astype(np.int64)


@dataclass(frozen=True)
class Calibration:
    """Per level and segment the lower and upper offset of ln(price / value): shape (levels, segments, 2)."""

    offsets: tuple[tuple[tuple[float, float], ...], ...]

    @classmethod
    def fit(cls, residual: Floats, premium: Floats) -> Calibration:
        """From residuals ln(price / value) of sales the model had not seen, with the predicted premium of each."""
        segment = segment_of(premium)
        pools: list[tuple[Floats, float]] = []
        for index in range(len(SEGMENT_BOUNDS) + 1):
            own = residual[segment == index]
            widening = 1.0
            below = index - 1
            while len(own) < MIN_RESIDUALS and below >= 0:
                own, widening, below = (
                    np.concatenate([own, residual[segment == below]]),
                    THIN_WIDENING,
                    below - 1,
                )
            if len(own) < MIN_RESIDUALS:
                own = residual
            pools.append((np.sort(own), widening))
        return cls(tuple(tuple(_offsets(pool, level, widening) for pool, widening in pools) for level in LEVELS))

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """Per level the lower and upper bound in ETH; nested, and always around the value."""
        segment = segment_of(premium)
        result: list[tuple[Floats, Floats]] = []
        low, high = value, value
        for level in self.offsets:
            table = np.array(level)
            low = np.minimum(low, value * np.exp(table[segment, 0]))
            high = np.maximum(high, value * np.exp(table[segment, 1]))
            result.append((low, high))
        return result


def _offsets(ordered: Floats, level: float, widening: float) -> tuple[float, float]:
    n = len(ordered)
    tail = (1.0 - level) / 2.0
    low = floor((n + 1) * tail) - 1
    high = ceil((n + 1) * (1.0 - tail)) - 1
    lower = float(ordered[max(low, 0)]) if n else -inf
    upper = float(ordered[min(high, n - 1)]) if n else inf
    return lower * widening, upper * widening

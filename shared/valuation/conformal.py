"""Segment-wise (Mondrian) conformal intervals on the log ratio of price to value.

Lower and upper quantiles are taken separately, with the finite-sample correction of split conformal prediction
(Vovk et al., Algorithmic Learning in a Random World, 2005; Papadopoulos et al. 2002). Errors count in units of the
volatility of their day, and recent ones weigh more (Barber et al., Annals of Statistics 51, 2023): a calm market is not
given the width of the wild one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats
from shared.valuation import correction
from shared.valuation.correction import Correction
from shared.valuation.residuals import Residuals
from shared.valuation.volatility import volatility

SEGMENT_BOUNDS = (1.08, 1.3, 2.5)
"""Bounds of the predicted premium (value / floor)."""
LEVELS = (0.5, 0.8, 0.9)
MIN_RESIDUALS = 40
"""A segment with fewer residuals borrows those of the segment below it."""
THIN_WIDENING = 1.5
HALF_LIFE_DAYS = 120.0
"""An error this much older weighs half."""
CALIBRATION_DAYS = 180
"""Intervals come from the errors on the sales of this long before."""


def segment_of(premium: Floats) -> npt.NDArray[np.int64]:
    """Index of the premium segment, 0 (floor tier) to 3 (rare), shape of `premium`."""
    return np.searchsorted(np.array(SEGMENT_BOUNDS), premium, side="right").astype(np.int64)


class Calibrating(Protocol):
    """Whatever corrects what learners predict, and puts intervals around it."""

    def correction_of(self, premium: Floats) -> Floats:
        """What is added to ln(value) at these predicted premia, shape (n,)."""
        ...

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """Per level the lower and upper bound in ETH, for corrected values and their predicted premia of shape (n,)."""
        ...


@dataclass(frozen=True)
class Calibration:
    """What errors say about a model's values.

    Attributes:
        offsets: per level and segment the lower and upper offset of ln(price / corrected value), shape (levels,
            segments, 2).
        correction: what moves the values themselves.
    """

    offsets: tuple[tuple[tuple[float, float], ...], ...]
    correction: Correction

    @classmethod
    def fit(cls, residuals: Residuals, as_of: datetime, foreseen: Floats | None = None) -> Calibration:
        """From errors known at `as_of`; `foreseen` is `correction.foreseen` of them, where that was made before."""
        error = residuals.error - (correction.foreseen(residuals) if foreseen is None else foreseen)
        age_days = np.maximum(as_of.timestamp() - residuals.time, 0.0) / 86_400.0
        weight = 0.5 ** (age_days / HALF_LIFE_DAYS)
        segment = segment_of(residuals.premium)
        then, now = volatility(error, segment, residuals.time, as_of.timestamp())
        error = error / then
        pools: list[tuple[npt.NDArray[np.bool_], float]] = []
        for index in range(len(SEGMENT_BOUNDS) + 1):
            own, widening, below = segment == index, 1.0, index - 1
            while own.sum() < MIN_RESIDUALS and below >= 0:
                own, widening, below = own | (segment == below), THIN_WIDENING, below - 1
            if own.sum() < MIN_RESIDUALS:
                own = np.ones(len(segment), dtype=np.bool_)
            pools.append((own, widening))
        return cls(
            tuple(
                tuple(_offsets(error[pool], weight[pool], level, widening * now) for pool, widening in pools)
                for level in LEVELS
            ),
            Correction.fit(residuals, as_of),
        )

    def as_lists(self) -> list[list[list[float]]]:
        """The offsets as a database takes them: shape (levels, segments, 2)."""
        return [[list(sides) for sides in level] for level in self.offsets]

    @classmethod
    def from_lists(cls, offsets: Sequence[Sequence[Sequence[float]]], shifts: Sequence[float]) -> Calibration:
        """As `as_lists` gives the offsets; `shifts` as of `Correction`."""
        return cls(tuple(tuple((low, high) for low, high in level) for level in offsets), Correction(tuple(shifts)))

    @classmethod
    def recorded(
        cls, offsets: Sequence[Sequence[Sequence[float]]] | None, shifts: Sequence[float] | None
    ) -> Calibration | None:
        """What a database has of a generation; None when it was made before both were recorded."""
        return None if offsets is None or shifts is None else cls.from_lists(offsets, shifts)

    def correction_of(self, premium: Floats) -> Floats:
        """As `Calibrating` has it."""
        return self.correction.of(premium)

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


def _offsets(error: Floats, weight: Floats, level: float, widening: float) -> tuple[float, float]:
    """Weighted quantiles; the sale to come counts as one more error, infinitely far out on either side."""
    if len(error) == 0:
        return -inf, inf
    # Errors alike are put by weight: the order in which sales are given must not move a sum by its last bit.
    order = np.lexsort((weight, error))
    ordered, below = error[order], np.cumsum(weight[order])
    share = below / (below[-1] + 1.0)
    tail = (1.0 - level) / 2.0
    upper = min(int(np.searchsorted(share, 1.0 - tail, side="left")), len(error) - 1)
    mirrored = np.cumsum(weight[order][::-1]) / (below[-1] + 1.0)
    lower = len(error) - 1 - min(int(np.searchsorted(mirrored, 1.0 - tail, side="left")), len(error) - 1)
    return float(ordered[lower]) * widening, float(ordered[upper]) * widening

"""A calibration: the correction of values and their intervals, as of one day.

Intervals are conformal by tier of the premium (Mondrian) on the log ratio of price to value. Lower and upper quantiles
are taken separately, with the finite-sample correction of split conformal prediction (Vovk et al., Algorithmic Learning
in a Random World, 2005; Papadopoulos et al. 2002). Errors are measured in units of their day's volatility, and recent
errors weigh more (Barber et al., Annals of Statistics 51, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats
from shared.market.tiers import tier_of
from shared.valuation.calibration import correction
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.calibration.volatility import volatility
from shared.valuation.params import CalibrationParams

LEVELS: Final = (0.5, 0.8, 0.9)
"""Nominal coverage of the intervals, called lo50 to hi90 in tables and responses."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The correction and intervals that a model's errors imply.

    Attributes:
        offsets: per level and tier the lower and upper offset of ln(price / corrected value), shape (levels, tiers, 2).
        shifts: the shift of ln(value) at each knot of the correction, shape (knots,).
    """

    offsets: Floats
    shifts: Floats
    params: CalibrationParams

    @classmethod
    def fit(
        cls, residuals: Residuals, instant: float, params: CalibrationParams, day_corrections: Floats | None = None
    ) -> Calibration:
        """From errors known at `instant` (UTC seconds); `day_corrections`: the correction on each error's day."""
        if day_corrections is None:
            day_corrections = correction.day_corrections(residuals, params.correction)
        error, tier = residuals.error - day_corrections, tier_of(residuals.premium, params.intervals.bounds)
        weight = 0.5 ** (np.maximum(residuals.age_days(instant), 0.0) / params.intervals.half_life_days)
        then, now = volatility(error, tier, residuals.day, int(instant) // 86_400, params.volatility)
        error = error / then
        pools = [_pool(tier, index, params) for index in range(len(params.intervals.bounds) + 1)]
        offsets = [
            [_offsets(error[pool], weight[pool], level, widening * now) for pool, widening in pools] for level in LEVELS
        ]
        shifts = correction.shifts_at(residuals, np.array([instant]), params.correction)[0]
        return cls(np.array(offsets), shifts, params)

    def same_as(self, other: Calibration) -> bool:
        """Both have the same correction and intervals."""
        return np.array_equal(self.offsets, other.offsets) and np.array_equal(self.shifts, other.shifts)

    def correction_of(self, premium: Floats) -> Floats:
        """The shift of ln(value) at these predicted premia, shape (n,)."""
        return correction.correction_of(premium, self.shifts, self.params.correction)

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """The lower and upper bounds (ETH) of corrected values at each level, shape (n,) each.

        `premium`: predicted. The intervals are nested and contain the value.
        """
        tier = tier_of(premium, self.params.intervals.bounds)
        result: list[tuple[Floats, Floats]] = []
        low, high = value, value
        for level in self.offsets:
            low = np.minimum(low, value * np.exp(level[tier, 0]))
            high = np.maximum(high, value * np.exp(level[tier, 1]))
            result.append((low, high))
        return result


def _pool(tier: npt.NDArray[np.int64], index: int, params: CalibrationParams) -> tuple[npt.NDArray[np.bool_], float]:
    """The errors behind a tier's quantiles, and the factor that widens its intervals."""
    own, widening, below = tier == index, 1.0, index - 1
    while own.sum() < params.min_errors and below >= 0:
        own, widening, below = own | (tier == below), params.intervals.borrowed_widening, below - 1
    if own.sum() < params.min_errors:
        own = np.ones(len(tier), dtype=np.bool_)
    return own, widening


def _offsets(error: Floats, weight: Floats, level: float, widening: float) -> tuple[float, float]:
    """Weighted quantiles; the next sale counts as one more error, infinite on either side."""
    if len(error) == 0:
        return -inf, inf
    # Ties are broken by weight, so the order of the sales cannot change the last bit of a sum.
    order = np.lexsort((weight, error))
    ordered, below = error[order], np.cumsum(weight[order])
    share = below / (below[-1] + 1.0)
    tail = (1.0 - level) / 2.0
    upper = min(int(np.searchsorted(share, 1.0 - tail, side="left")), len(error) - 1)
    mirrored = np.cumsum(weight[order][::-1]) / (below[-1] + 1.0)
    lower = len(error) - 1 - min(int(np.searchsorted(mirrored, 1.0 - tail, side="left")), len(error) - 1)
    return float(ordered[lower]) * widening, float(ordered[upper]) * widening

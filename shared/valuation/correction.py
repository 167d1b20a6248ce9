"""What a model's latest errors say about its next values: a kernel-weighted median of them.

Between two fits the market drifts in ways that no feature tells. If the sales of the last weeks went for two percent
more than their values, the next ones will for about as much. So ln(value) is moved by the weighted median of recent
errors, by sales of about the same premium, shrunk towards nothing where there were few of them. The errors are those of
the values before any correction: a correction never feeds on itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from shared.market.series import Floats
from shared.valuation.residuals import Residuals

DAY_S: Final = 86_400.0
KNOTS: Final = (1.0, 1.04, 1.1, 1.2, 1.4, 2.0, 3.0)
"""Premia at which the correction is made; linear in their logarithm between, constant beyond."""
HALF_LIFE_DAYS: Final = 20.0
"""An error this much older weighs half."""
BANDWIDTH: Final = 0.1
"""Of the Gaussian kernel, in log units of the predicted premium."""
PRIOR_SALES: Final = 40.0
"""Shrinkage: the weight of so many sales without an error."""
LARGEST_ERROR: Final = 0.15
"""An error (log units) beyond this counts as this: no correction is ever larger."""
_DIGITS: Final = 6
_LN_KNOTS: Final = np.log(KNOTS)


@dataclass(frozen=True)
class Correction:
    """What is added to ln(value) at each of `KNOTS`."""

    shifts: tuple[float, ...]

    @classmethod
    def fit(cls, residuals: Residuals, as_of: datetime) -> Correction:
        """From the errors on sales strictly before `as_of`; the order they are given in does not matter."""
        return cls(tuple(_shifts(residuals, np.array([as_of.timestamp()]))[0].tolist()))

    def of(self, premium: Floats) -> Floats:
        """What is added to ln(value) at these predicted premia, shape (n,)."""
        shift: Floats = np.interp(np.log(premium), _LN_KNOTS, self.shifts)
        return shift


def foreseen(residuals: Residuals) -> Floats:
    """What the correction of its own day would have said of each error, by those of the days before, shape (n,)."""
    days, which = np.unique(residuals.time // int(DAY_S), return_inverse=True)
    shifts, said = _shifts(residuals, days.astype(np.float64) * DAY_S), np.zeros(len(residuals))
    for number, shift in enumerate(shifts):
        rows = which == number
        said[rows] = Correction(tuple(shift.tolist())).of(residuals.premium[rows])
    return said


def _shifts(residuals: Residuals, instants: Floats) -> Floats:
    """The corrections as of some instants (UTC seconds), shape (instants, knots)."""
    found = np.zeros((len(instants), len(KNOTS)))
    if len(residuals) == 0:
        return found
    order = np.lexsort((residuals.time, residuals.premium, residuals.error))
    error = np.clip(residuals.error[order], -LARGEST_ERROR, LARGEST_ERROR)
    time = residuals.time[order]
    # Beyond the last knot all count as neighbours: there are too few of them to tell apart.
    place = np.clip(np.log(residuals.premium[order]), _LN_KNOTS[0], _LN_KNOTS[-1])
    near = np.exp(-0.5 * ((_LN_KNOTS[:, None] - place) / BANDWIDTH) ** 2)
    for row, instant in enumerate(instants):
        age = (instant - time) / DAY_S
        known = np.flatnonzero(age > 0.0)
        if len(known) == 0:
            continue
        running = np.cumsum(near[:, known] * 0.5 ** (age[known] / HALF_LIFE_DAYS), axis=1)
        total = running[:, -1]
        median = error[known][(running >= total[:, None] / 2.0).argmax(axis=1)]
        found[row] = np.round(median * total / (total + PRIOR_SALES), _DIGITS)
    return found

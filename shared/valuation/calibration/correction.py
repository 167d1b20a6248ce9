"""The correction of values by a model's latest errors: a kernel-weighted median of them.

Between two fits the market drifts in ways that no feature tells. If the sales of the last weeks went for two percent
more than their values, the next sales will go for about as much more. So ln(value) moves by the weighted median of
recent errors on sales of about the same premium, shrunk towards zero where there were few sales. The errors are those
of the values before any correction: a correction never feeds on itself.
"""

from __future__ import annotations

import numpy as np

from shared.market.series import Floats
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.params import CorrectionParams


def correction_of(premium: Floats, shifts: Floats, params: CorrectionParams) -> Floats:
    """What is added to ln(value) at these predicted premia, shape (n,); `shifts`: at each knot.

    Linear in the logarithm of the premium between knots, constant beyond.
    """
    corrected: Floats = np.interp(np.log(premium), np.log(params.knots), shifts)
    return corrected


def foreseen(residuals: Residuals, params: CorrectionParams, begin: int = 0) -> Floats:
    """The correction of each error's own day, from earlier days only, for errors from place `begin` on, shape (n,)."""
    asked = residuals.where(np.arange(begin, len(residuals)))
    days, which = np.unique(asked.day, return_inverse=True)
    # As of the start of each day: the sales of the day itself are not known then.
    shifts, corrected = shifts_at(residuals, (days * 86_400).astype(np.float64), params), np.zeros(len(asked))
    for number, shift in enumerate(shifts):
        rows = which == number
        corrected[rows] = correction_of(asked.premium[rows], shift, params)
    return corrected


def shifts_at(residuals: Residuals, instants: Floats, params: CorrectionParams) -> Floats:
    """The corrections at each knot as of some instants (UTC seconds), shape (instants, knots).

    Only errors on sales strictly before an instant count; their order does not matter.
    """
    knots = np.log(params.knots)
    shifts = np.zeros((len(instants), len(knots)))
    if len(residuals) == 0:
        return shifts
    order = np.lexsort((residuals.time, residuals.premium, residuals.error))
    ordered = residuals.where(order)
    error = np.clip(ordered.error, -params.largest, params.largest)
    # Beyond the last knot all sales count as neighbours: there are too few of them to tell apart.
    place = np.clip(np.log(ordered.premium), knots[0], knots[-1])
    near = np.exp(-0.5 * ((knots[:, None] - place) / params.bandwidth) ** 2)
    for row, instant in enumerate(instants):
        age = ordered.age_days(instant)
        known = np.flatnonzero(age > 0.0)
        if len(known) == 0:
            continue
        running = np.cumsum(near[:, known] * 0.5 ** (age[known] / params.half_life_days), axis=1)
        total = running[:, -1]
        median = error[known][(running >= total[:, None] / 2.0).argmax(axis=1)]
        shifts[row] = median * total / (total + params.prior_sales)
    return shifts

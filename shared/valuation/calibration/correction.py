"""The correction of values by a model's latest errors: a kernel-weighted median of them.

Between two fits the market drifts in ways that no feature shows. If recent sales went for two percent more than their
values, the next sales will go for about as much more. So ln(value) moves by the weighted median of recent errors on
sales of similar premium, shrunk to zero where sales are few. Errors are those of uncorrected values, so that a
correction never feeds back into itself.
"""

import numpy as np

from shared.market.series import Floats
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.params import CorrectionParams


def correction_of(premium: Floats, shifts: Floats, params: CorrectionParams) -> Floats:
    """The shift of ln(value) at these predicted premia, shape (n,); `shifts` are those at the knots.

    Linear in the logarithm of the premium between knots, constant beyond.
    """
    corrected: Floats = np.interp(np.log(premium), np.log(params.knots), shifts)
    return corrected


def day_corrections(residuals: Residuals, params: CorrectionParams, begin: int = 0) -> Floats:
    """The correction on each error's day, from earlier days only, for errors from index `begin` on, shape (n,)."""
    selected = residuals.where(np.arange(begin, len(residuals)))
    days, which = np.unique(selected.day, return_inverse=True)
    # As of the start of each day, before the sales of that day.
    shifts, corrected = shifts_at(residuals, (days * 86_400).astype(np.float64), params), np.zeros(len(selected))
    for number, shift in enumerate(shifts):
        rows = which == number
        corrected[rows] = correction_of(selected.premium[rows], shift, params)
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
    # Beyond the last knot sales are so few that all count as neighbours.
    log_premium = np.clip(np.log(ordered.premium), knots[0], knots[-1])
    near = np.exp(-0.5 * ((knots[:, None] - log_premium) / params.bandwidth) ** 2)
    for row, instant in enumerate(instants):
        age = ordered.age_days(instant)
        earlier = np.flatnonzero(age > 0.0)
        if len(earlier) == 0:
            continue
        running = np.cumsum(near[:, earlier] * 0.5 ** (age[earlier] / params.half_life_days), axis=1)
        total = running[:, -1]
        median = error[earlier][(running >= total[:, None] / 2.0).argmax(axis=1)]
        shifts[row] = median * total / (total + params.prior_sales)
    return shifts

"""A model's calibration of any day: one rule for serving, evaluation, explanations and gates.

It uses the errors of the model's calibration fit, and the model's own errors on valid sales after its data cut-off. All
values of a UTC day share one calibration, from sales before that day, so a sale of minutes ago moves no value. Every
input comes from the events, so a calibration can be repeated for champions, shadows and fallbacks alike.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from shared.market.series import Floats
from shared.valuation.calibration import correction
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.params import CalibrationParams


class Calibrator:
    """Calibrations by day, each computed once."""

    def __init__(
        self,
        fitted: Residuals,
        data_cutoff: datetime,
        params: CalibrationParams,
        own: Sequence[Residuals] = (),
        day_corrections: Floats | None = None,
    ) -> None:
        """`fitted`: errors known at the data cut-off; `own`: errors on later sales, see `ValuationModel.calibrator`.

        `day_corrections`: see `correction.day_corrections`, of the fitted errors; valid if every own error is later.
        """
        self._params = params
        self._fitted, self._cutoff, self._fitted_corrections = fitted, data_cutoff, day_corrections
        self._errors = Residuals.joined([fitted, *own])
        self._first_own = self._errors.time[len(fitted) :].min(initial=np.iinfo(np.int64).max)
        self._made: dict[float, Calibration] = {}

    @cached_property
    def _day_corrections(self) -> Floats:
        """The correction on each error's day. A later error changes none, so all days share these."""
        fitted, params = self._fitted_corrections, self._params.correction
        if fitted is None:
            return correction.day_corrections(self._errors, params)
        return np.concatenate([fitted, correction.day_corrections(self._errors, params, begin=len(fitted))])

    def at(self, instant: datetime) -> Calibration:
        """The calibration of the instant's UTC day.

        Errors at or after the start of the day do not count. Without own errors, the calibration is that of the fit.
        Errors older than `calibration.days` are left out while `min_errors` remain: an old model keeps its intervals
        through a market without sales.
        """
        day = day_of(instant).timestamp()
        if day not in self._made:
            self._made[day] = self._make(day)
        return self._made[day]

    def _make(self, day: float) -> Calibration:
        if day <= self._first_own:
            return Calibration.fit(self._fitted, self._cutoff.timestamp(), self._params, self._fitted_corrections)
        earlier = self._errors.time < day
        recent = earlier & (self._errors.time >= day - timedelta(days=self._params.days).total_seconds())
        chosen = recent if recent.sum() >= self._params.min_errors else earlier
        return Calibration.fit(self._errors.where(chosen), day, self._params, self._day_corrections[chosen])


def day_of(instant: datetime) -> datetime:
    """The start of the instant's UTC day."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

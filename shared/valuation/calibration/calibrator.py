"""A model's calibration of any day: one rule for serving, evaluation, explanations and gates.

The errors that a model was fitted with are joined by its own errors on the valid sales after its data cut-off. A
calibration is made at the start of a UTC day, from sales that were over by then: all values of a day share one, and
no value or interval moves by a sale of minutes ago. Everything comes from the events, so anybody can make a calibration
again, for a champion, a shadow and an armed predecessor alike.
"""

from __future__ import annotations

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
    """Calibrations by day, each made once."""

    def __init__(
        self,
        fitted: Residuals,
        data_cutoff: datetime,
        params: CalibrationParams,
        own: Sequence[Residuals] = (),
        foreseen: Floats | None = None,
    ) -> None:
        """`fitted`: errors known at the data cut-off; `own`: errors on later sales, see `ValuationModel.calibrator`.

        `foreseen`: the corrections of the fitted errors' own days. Pass these only where every own error is later.
        """
        self._params = params
        self._fitted, self._cutoff, self._fitted_foreseen = fitted, data_cutoff, foreseen
        self._errors = Residuals.joined([fitted, *own])
        self._first_own = self._errors.time[len(fitted) :].min(initial=np.iinfo(np.int64).max)
        self._made: dict[float, Calibration] = {}

    @cached_property
    def _foreseen(self) -> Floats:
        """The correction of each error's own day: a later error changes none, so all days share these."""
        fitted, params = self._fitted_foreseen, self._params.correction
        if fitted is None:
            return correction.foreseen(self._errors, params)
        return np.concatenate([fitted, correction.foreseen(self._errors, params, begin=len(fitted))])

    def at(self, instant: datetime) -> Calibration:
        """The calibration of the instant's UTC day.

        Errors at or after the start of the day do not count. Where no own error counts, the calibration is that of the
        fit. Errors older than `calibration.days` are left out as long as `min_errors` remain: a market without sales
        must not leave an old model without intervals.
        """
        day = day_of(instant).timestamp()
        if day not in self._made:
            self._made[day] = self._make(day)
        return self._made[day]

    def _make(self, day: float) -> Calibration:
        if day <= self._first_own:
            return Calibration.fit(self._fitted, self._cutoff.timestamp(), self._params, self._fitted_foreseen)
        known = self._errors.time < day
        recent = known & (self._errors.time >= day - timedelta(days=self._params.days).total_seconds())
        chosen = recent if recent.sum() >= self._params.min_errors else known
        return Calibration.fit(self._errors.where(chosen), day, self._params, self._foreseen[chosen])


def day_of(instant: datetime) -> datetime:
    """The start of the instant's UTC day."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

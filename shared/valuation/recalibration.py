"""What follows outcomes: a model's calibration as of an instant, one rule for serving, evaluation and gates.

The errors that a model was fitted with are joined by its own errors on the valid sales after its data cut-off, each
valued as it looked `HORIZON_S` before. Calibrations are made at the begin of a UTC day, from sales that were over by
then: all values of a day share one, and nobody's value or interval is moved by a sale of minutes ago. They come from
the events alone, so that anybody can make them again, for a champion, a shadow and an armed predecessor alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.series import Floats, Ints
from shared.market.timeline import MarketTimeline
from shared.valuation import correction
from shared.valuation.blend import Blend
from shared.valuation.conformal import CALIBRATION_DAYS, LEVELS, MIN_RESIDUALS, Calibration
from shared.valuation.inputs import HORIZON_S, sale_rows
from shared.valuation.model import ValuationModel, Values
from shared.valuation.residuals import Residuals

DAY_S: Final = 86_400


def day_of(instant: datetime) -> datetime:
    """The begin of the instant's UTC day."""
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def calibration_as_of(model: ValuationModel, own: Residuals, instant: datetime) -> Calibration:
    """The model's calibration for values as of an instant.

    `own` are its errors on sales after its cut-off (`own_errors`); those at or after the begin of the day do not count.
    Where none counts, it is that of the fit. Errors older than `CALIBRATION_DAYS` are left out as long as
    `MIN_RESIDUALS` remain: a market without sales must not leave an old model without intervals.
    """
    return _Known.of(model, own).calibration(instant)


@dataclass(frozen=True)
class _Known:
    """The errors a model was fitted with and its own since, and what corrections said of each beforehand.

    A later error changes none of these, so they are made once for calibrations of many days.
    """

    model: ValuationModel
    errors: Residuals
    foreseen: Floats
    first_own: float

    @classmethod
    def of(cls, model: ValuationModel, own: Residuals) -> _Known:
        joined = Residuals.joined([model.residuals, own])
        return cls(model, joined, correction.foreseen(joined), float(own.time.min(initial=np.iinfo(np.int64).max)))

    def calibration(self, instant: datetime) -> Calibration:
        """As of the begin of the instant's day."""
        day = day_of(instant)
        end, start = day.timestamp(), (day - timedelta(days=CALIBRATION_DAYS)).timestamp()
        if end <= self.first_own:
            return self.model.calibration
        known = self.errors.time < end
        recent = known & (self.errors.time >= start)
        chosen = recent if recent.sum() >= MIN_RESIDUALS else known
        return Calibration.fit(self.errors.where(chosen), day, self.foreseen[chosen])


def residuals_of(model: Blend, frame: pl.DataFrame) -> Residuals:
    """Errors ln(price / value) of a model on sales it has not seen; the values without any correction."""
    predicted = model.predict(frame)
    log_price = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    return Residuals(
        error=log_price - predicted, premium=np.exp(predicted), time=frame["sale_time"].dt.epoch("s").to_numpy()
    )


def own_errors(model: ValuationModel, rows: pl.DataFrame) -> Residuals:
    """Of rows of sales (`sale_rows`), those that looked so at or after the cut-off and had a floor."""
    return residuals_of(
        model.blend,
        rows.filter(
            (pl.col("as_of") >= model.data_cutoff) & pl.col("floor_eth").is_finite() & (pl.col("floor_eth") > 0)
        ),
    )


def later_sales(
    timeline: MarketTimeline, prices: DailyPrices, *, data_cutoff: datetime, instant: datetime
) -> pl.DataFrame:
    """`sale_rows` of what a model of this cut-off learns from outcomes by the instant, each 30 minutes before.

    The timeline may know more: what became known at or after the begin of the instant's day is not read.
    """
    day = day_of(instant)
    first = data_cutoff + timedelta(seconds=HORIZON_S)
    return sale_rows(timeline, prices, first=first, until=day, known_before=day, horizons=(HORIZON_S,))


def calibration_from_events(
    model: ValuationModel, timeline: MarketTimeline, prices: DailyPrices, instant: datetime
) -> Calibration:
    """What a nowcast by this model as of the instant corrects its values and makes its intervals by."""
    rows = later_sales(timeline, prices, data_cutoff=model.data_cutoff, instant=instant)
    return calibration_as_of(model, own_errors(model, rows), instant)


@dataclass(frozen=True)
class DayByDay:
    """Corrections and intervals for rows of many instants, each row's by the calibration of its own day.

    `which` has, for each row, the number of its calibration, shape (n,).
    """

    calibrations: tuple[Calibration, ...]
    which: Ints

    @classmethod
    def of(cls, model: ValuationModel, own: Residuals, as_of: pl.Series) -> DayByDay:
        """For rows as of these instants (UTC)."""
        days, which = np.unique(as_of.dt.epoch("s").to_numpy() // DAY_S, return_inverse=True)
        instants = [datetime.fromtimestamp(int(day) * DAY_S, UTC) for day in days]
        known = _Known.of(model, own)
        return cls(tuple(known.calibration(instant) for instant in instants), which.astype(np.int64))

    def correction_of(self, premium: Floats) -> Floats:
        """As `Calibration.correction_of`."""
        shift = np.empty_like(premium)
        for number, calibration in enumerate(self.calibrations):
            rows = self.which == number
            shift[rows] = calibration.correction_of(premium[rows])
        return shift

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """As `Calibration.bounds`."""
        result = [(np.empty_like(value), np.empty_like(value)) for _ in LEVELS]
        for number, calibration in enumerate(self.calibrations):
            rows = self.which == number
            made = calibration.bounds(value[rows], premium[rows])
            for (low, high), (day_low, day_high) in zip(result, made, strict=True):
                low[rows], high[rows] = day_low, day_high
        return result


def predict_forward(model: ValuationModel, rows: pl.DataFrame, earlier: pl.DataFrame | None = None) -> Values:
    """Value rows of sales (`sale_rows` at `HORIZON_S`), each calibrated by those of them that were over before its day.

    `earlier` are sales before them, which only make errors.
    """
    own = own_errors(model, rows)
    if earlier is not None:
        own = Residuals.joined([own_errors(model, earlier), own])
    return model.predict(rows, DayByDay.of(model, own, rows["as_of"]))

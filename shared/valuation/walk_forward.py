"""Walk-forward evaluation: refit, value the next sales, move on.

A value comes from a model whose data ended at or before the value's instant, and from features known before it. Its
correction and intervals come from earlier errors, as in serving. One pass computes the features of all sales, because
a feature of the past never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from shared.errors import InvalidInputError
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.units import DAY_S
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.feature_table import FEATURE_NAMES, schema_hash
from shared.valuation.inputs import FIRST_TRAINING_SALE, HORIZON_S, sale_rows, with_baselines, with_labels
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.training import TooFewSalesError, assembled, train

WARM_UPS = 4
"""Maximum number of models before the first instant, which only provide errors for the first calibrations."""
MINUTE_S, HOUR_S = 60, 3_600


@dataclass(frozen=True)
class SaleHistory:
    """Features of all training and test sales of a walk, computed once: they never change.

    Attributes:
        learn: each sale as a training row. judged: test rows at each horizon, with the baselines' values and labels.
    """

    learn: pl.DataFrame
    judged: pl.DataFrame
    horizons: tuple[timedelta, ...]

    @classmethod
    def of(
        cls,
        timeline: MarketTimeline,
        prices: DailyPrices,
        *,
        first: datetime,
        until: datetime,
        horizons: tuple[timedelta, ...],
        params: Params,
    ) -> SaleHistory:
        """The data of walks within [first, until), for models with these parameters. Horizons are distinct."""
        oldest = first - max(horizons) - timedelta(days=params.calibration.days + params.learn_days)
        seconds = tuple(int(horizon.total_seconds()) for horizon in horizons)
        learn = sale_rows(timeline, prices, first=max(oldest, FIRST_TRAINING_SALE), until=until, horizons=(HORIZON_S,))
        sold = sale_rows(timeline, prices, first=first, until=until, horizons=seconds)
        judged = with_labels(timeline, with_baselines(timeline, sold))
        has_floor = pl.col("floor_eth").is_finite()
        return cls(learn.filter(has_floor), judged.filter(has_floor), horizons)

    @property
    def feature_schema(self) -> str:
        """Hash of the features in the rows, as in a snapshot."""
        return schema_hash()

    def walk_forward(
        self,
        *,
        first: datetime,
        until: datetime,
        refit_every: timedelta,
        threads: int,
        params: Params | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
    ) -> pl.DataFrame:
        """One row per valid sale of [first, until) and horizon, as `evaluation.predictions.check` requires.

        A value is as of one horizon before the sale, by the newest model of that instant. `on_progress` gets the share
        that is done.

        Raises:
            TooFewSalesError: too little history before `first`.
            InvalidInputError: no refit, or no valid sale.
        """
        if refit_every <= timedelta(0):
            raise InvalidInputError("the time from refit to refit must be above zero, like 14d")
        params = params or Params.load()
        judged = self.judged.filter(pl.col("sale_time").is_between(first, until, closed="left"))
        if judged.is_empty():
            raise InvalidInputError(f"no valid sale from {first.date()} to {until.date()}: choose a span with sales")
        begin = first - max(self.horizons)
        error_span = timedelta(days=params.calibration.days)
        warm_up = _warm_up(begin, refit_every, error_span)
        refits = -(-(until - begin) // refit_every)
        cuts = [*warm_up, *(begin + number * refit_every for number in range(refits)), until]
        if self.learn.filter(pl.col("sale_time") < cuts[0])["event_seq"].n_unique() < params.min_sales:
            raise TooFewSalesError(
                f"fewer than {params.min_sales} valid sales before {cuts[0].date()}: begin later, or give more history"
            )
        residuals = Residuals(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
        valued: list[pl.DataFrame] = []
        for done, (cutoff, end) in enumerate(pairwise(cuts), 1):
            # One seed is enough for errors, as in a calibration fit.
            seeds = 1 if cutoff in warm_up else params.seeds
            fitted = train(self.learn, cutoff, params, threads=threads, seeds=seeds)
            rows = judged.filter(pl.col("as_of").is_between(cutoff, end, closed="left"))
            sold = self.learn.filter((pl.col("as_of") >= cutoff) & (pl.col("sale_time") < end))
            if len(residuals) and rows.height:
                recent = residuals.where(residuals.time >= (cutoff - error_span).timestamp())
                valued.append(_valued(assembled(fitted, recent, cutoff, params), rows, sold))
            residuals = Residuals.joined([residuals, Residuals.of(sold, fitted.predict(sold))])
            on_progress(done / (len(cuts) - 1))
        lag = (pl.col("sale_time") - pl.col("as_of")).dt.total_seconds()
        return pl.concat(valued).with_columns(horizon=lag.map_elements(horizon_name, return_dtype=pl.String))


def horizon_name(seconds: int) -> str:
    """`30m`, `24h`, `7d`."""
    if seconds % DAY_S == 0 and seconds > DAY_S:
        return f"{seconds // DAY_S}d"
    if seconds % HOUR_S == 0:
        return f"{seconds // HOUR_S}h"
    return f"{seconds // MINUTE_S}m"


def _warm_up(begin: datetime, refit_every: timedelta, span: timedelta) -> list[datetime]:
    """Cut-offs before `begin` of the models that only provide the errors for the first intervals."""
    step = max(span / WARM_UPS, refit_every)
    count = max(round(span / step), 1)
    return [begin - span + number * step for number in range(count)]


def _valued(model: ValuationModel, rows: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    values = model.predict_forward(rows, outcomes)
    return rows.drop("event_seq", *FEATURE_NAMES).with_columns(
        model_id=pl.lit(model.model_id),
        data_cutoff=pl.lit(model.data_cutoff.astimezone(UTC), dtype=pl.Datetime("us", "UTC")),
        **{name: pl.Series(column) for name, column in vars(values).items()},
    )

"""Fitting a model from a training snapshot. Pure: same snapshot, parameters, seed and threads give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import polars as pl
from threadpoolctl import threadpool_limits

from shared.errors import PermanentError
from shared.market.series import Floats
from shared.snapshots.snapshot import Snapshot
from shared.valuation import blend
from shared.valuation.blend import SEEDS, Blend
from shared.valuation.conformal import CALIBRATION_DAYS
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.recalibration import residuals_of
from shared.valuation.residuals import Residuals

SEED = 7
MIN_SALES = 300
CALIBRATION_SALES = 300
"""Where `CALIBRATION_DAYS` hold fewer sales, the errors of a fit reach further back, to so many of a long history."""


class TooFewSalesError(PermanentError):
    """Not enough valid sales before the cut-off to learn from."""


def fit(
    snapshot: Snapshot,
    *,
    data_cutoff: datetime,
    threads: int,
    seed: int = SEED,
    params: Params | None = None,
    features: Sequence[str] = FEATURE_NAMES,
    residuals: Residuals | None = None,
) -> ValuationModel:
    """Fit on all sales of the snapshot; its intervals come from sales that the calibrating models had not seen.

    `residuals` are forward errors made elsewhere (a walk-forward has them); without, the fit is rehearsed.

    Raises:
        TooFewSalesError: fewer than `MIN_SALES` sales.
    """
    params = params or Params.load()
    frame = snapshot.frame.filter(pl.col("floor_eth").is_finite())
    sales = frame["event_seq"].n_unique()
    if sales < MIN_SALES:
        raise TooFewSalesError(
            f"{sales} valid sales before {data_cutoff.isoformat()}, a model needs {MIN_SALES}; import more history"
        )
    with side_by_side(threads) as pool:
        fitting = train(lambda: frame, data_cutoff, params, pool=pool, seed=seed, features=features)
        if residuals is None:
            residuals = _rehearse(frame, data_cutoff, params, pool=pool, seed=seed, features=features)
        fitted = fitting()
    return ValuationModel(
        blend=fitted,
        residuals=residuals.rounded(),
        data_cutoff=data_cutoff,
        params=params,
        seed=seed,
        feature_schema=snapshot.feature_schema,
    )


@contextmanager
def side_by_side(threads: int) -> Iterator[Executor]:
    """Threads to fit on, each fit on one of them; what has not begun when the block is left is not begun.

    Meanwhile numpy's matrix products stay on one thread: their own threads would only take turns with these.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        pool = ThreadPoolExecutor(threads)
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def train(
    seen: Callable[[], pl.DataFrame],
    data_cutoff: datetime,
    params: Params,
    *,
    pool: Executor,
    seed: int,
    features: Sequence[str] = FEATURE_NAMES,
    seeds: int = SEEDS,
) -> Callable[[], Blend]:
    """Begin to fit the learners alone, from rows of sales before the cut-off; see `blend.train`."""

    def rows() -> tuple[pl.DataFrame, Floats]:
        recent = seen().filter(
            pl.col("sale_time").is_between(data_cutoff - timedelta(days=params.learn_days), data_cutoff, closed="left")
        )
        return recent, (data_cutoff - recent["sale_time"]).dt.total_seconds().to_numpy() / 86_400.0

    return blend.train(rows, params, pool=pool, seed=seed, features=features, seeds=seeds)


def _rehearse(
    frame: pl.DataFrame, data_cutoff: datetime, params: Params, *, pool: Executor, seed: int, features: Sequence[str]
) -> Residuals:
    """Errors on the last `CALIBRATION_DAYS` of a model fitted before them.

    It is as old on its last sales as a champion becomes, which is promoted after a hold-out that it has not learnt
    from. One seed a start is enough for errors.
    """
    # At least half of the sales are kept for learning, and a tenth, or enough of them, for calibration.
    begin = max(data_cutoff - timedelta(days=CALIBRATION_DAYS), _quantile_time(frame, 0.5))
    begin = min(begin, _quantile_time(frame, max(0.9, 1.0 - CALIBRATION_SALES / frame.height)))
    fitted = train(lambda: frame, begin, params, pool=pool, seed=seed, features=features, seeds=1)
    return residuals_of(fitted(), frame.filter((pl.col("as_of") >= begin) & (pl.col("sale_time") < data_cutoff)))


def _quantile_time(frame: pl.DataFrame, quantile: float) -> datetime:
    ordered = frame["sale_time"].sort()
    instant: datetime = ordered[int(quantile * (len(ordered) - 1))]
    return instant

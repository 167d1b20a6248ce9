"""Fit a model from a training snapshot: same snapshot, parameters, seed and threads give the same bytes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import polars as pl

from shared.errors import PermanentError
from shared.units import DAY_S
from shared.valuation.calibration.residuals import Residuals
from shared.valuation.confidence import LOWEST
from shared.valuation.feature_table import LEARNT, versions
from shared.valuation.learners import ensemble
from shared.valuation.learners.ensemble import Ensemble
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot

SEED = 7


class TooFewSalesError(PermanentError):
    """Too few valid sales before the cut-off."""


def fit(
    snapshot: Snapshot,
    *,
    threads: int,
    seed: int = SEED,
    params: Params | None = None,
    features: Sequence[str] = LEARNT,
) -> ValuationModel:
    """Fit on all sales of the snapshot; the intervals come from sales that the calibration fit had not seen.

    Raises:
        TooFewSalesError: fewer than `min_sales` sales.
    """
    params, data_cutoff = params or Params.load(), snapshot.as_of
    frame = snapshot.frame.filter(pl.col("floor_eth").is_finite())
    sales = frame["event_seq"].n_unique()
    if sales < params.min_sales:
        raise TooFewSalesError(
            f"{sales} valid sales before {data_cutoff.isoformat()}, a model needs {params.min_sales}; import more "
            "history"
        )
    train_until = partial(train, frame, params=params, seed=seed, features=features, threads=threads)
    calibration_cutoff = _calibration_cutoff(frame, data_cutoff, params)
    later = frame.filter((pl.col("as_of") >= calibration_cutoff) & (pl.col("sale_time") < data_cutoff))
    # One seed per learner is enough for errors.
    residuals = Residuals.of(later, train_until(calibration_cutoff, seeds=1).predict(later))
    fitted = train_until(data_cutoff)
    return assembled(fitted, residuals, data_cutoff, params, seed).with_reference(frame)


def assembled(
    fitted: Ensemble, residuals: Residuals, data_cutoff: datetime, params: Params, seed: int = SEED
) -> ValuationModel:
    """A model of fitted learners and forward errors, without reference rows."""
    computed = versions()
    return ValuationModel(
        ensemble=fitted,
        residuals=residuals.rounded(),
        data_cutoff=data_cutoff,
        versions={name: computed[name] for name in ("type", *params.index_rule.features, *fitted.features)},
        calibration_params=params.calibration,
        grades={**params.grades, LOWEST: None},
        params=params.model_dump(mode="json"),
        seed=seed,
        reference=None,
    )


def train(
    frame: pl.DataFrame,
    data_cutoff: datetime,
    params: Params,
    *,
    threads: int,
    seed: int = SEED,
    features: Sequence[str] = LEARNT,
    seeds: int | None = None,
) -> Ensemble:
    """Fit only the learners, on the rows of sales before the cut-off; see `ensemble.fit`."""
    first = data_cutoff - timedelta(days=params.learn_days)
    recent = frame.filter(pl.col("sale_time").is_between(first, data_cutoff, closed="left"))
    age_days = (data_cutoff - recent["sale_time"]).dt.total_seconds().to_numpy() / DAY_S
    seeds = seeds or params.seeds
    return ensemble.fit(recent, age_days, params, features=features, seed=seed, seeds=seeds, threads=threads)


def _calibration_cutoff(frame: pl.DataFrame, data_cutoff: datetime, params: Params) -> datetime:
    """The cut-off of the calibration fit, `calibration.days` before the model's own.

    On its last sales the calibration fit is as old as a champion becomes, which is promoted after a hold-out. At least
    half of the sales remain for the fit, and at least a tenth, or `calibration.sales`, for calibration.
    """
    ordered = frame["sale_time"].sort()
    shares = 0.5, max(0.9, 1.0 - params.calibration.sales / frame.height)
    half, most = (ordered[int(share * (len(ordered) - 1))] for share in shares)
    begin: datetime = min(max(data_cutoff - timedelta(days=params.calibration.days), half), most)
    return begin

"""Fitting a model from a training snapshot. Pure: same snapshot, parameters, seed and threads give the same bytes."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from shared.errors import PermanentError
from shared.market.series import Floats
from shared.snapshots.snapshot import Snapshot
from shared.valuation.conformal import Calibration
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.model import ValuationModel

PARAMS: dict[str, float | int | str] = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "eta": 0.05,
    "max_depth": 6,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
}
ROUNDS = 300
SEED = 7
HALF_LIFE_DAYS = 365.0
CALIBRATION_DAYS = 180
"""Intervals come from the errors of a model that stopped learning this long before the cut-off."""
MIN_SALES = 300


class TooFewSalesError(PermanentError):
    """Not enough valid sales before the cut-off to learn from."""


def fit(snapshot: Snapshot, *, data_cutoff: datetime, threads: int, seed: int = SEED) -> ValuationModel:
    """Fit on all sales of the snapshot; calibrate on the last `CALIBRATION_DAYS` with a model that had not seen them.

    Raises:
        TooFewSalesError: fewer than `MIN_SALES` sales.
    """
    frame = snapshot.frame.filter(pl.col("floor_eth").is_finite())
    sales = frame["event_seq"].n_unique()
    if sales < MIN_SALES:
        raise TooFewSalesError(
            f"{sales} valid sales before {data_cutoff.isoformat()}, a model needs {MIN_SALES}; import more history"
        )
    # A short history keeps at least half of its sales for learning and a tenth for calibration.
    split = max(data_cutoff - timedelta(days=CALIBRATION_DAYS), _quantile_time(frame, 0.5))
    split = min(split, _quantile_time(frame, 0.9))
    seen = (frame["sale_time"] < split).to_numpy()
    rehearsal = _train(frame.filter(seen), data_cutoff=split, threads=threads, seed=seed)
    rest = frame.filter(~seen)
    premium = np.exp(_predict(rehearsal, rest))
    residual = np.log(rest["price_eth"].to_numpy() / (premium * rest["floor_eth"].to_numpy()))
    booster = _train(frame, data_cutoff=data_cutoff, threads=threads, seed=seed)
    return ValuationModel(
        booster=bytes(booster.save_raw("ubj")),
        calibration=Calibration.fit(residual, premium),
        data_cutoff=data_cutoff,
        params=PARAMS,
        rounds=ROUNDS,
        seed=seed,
        feature_schema=snapshot.feature_schema,
        threads=threads,
    )


def _quantile_time(frame: pl.DataFrame, quantile: float) -> datetime:
    ordered = frame["sale_time"].sort()
    instant: datetime = ordered[int(quantile * (len(ordered) - 1))]
    return instant


def _train(frame: pl.DataFrame, *, data_cutoff: datetime, threads: int, seed: int) -> xgb.Booster:
    target = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    age_days = (pl.Series([data_cutoff]).dt.epoch("s")[0] - frame["sale_time"].dt.epoch("s").to_numpy()) / 86_400.0
    data = xgb.QuantileDMatrix(_matrix(frame), label=target, weight=0.5 ** (age_days / HALF_LIFE_DAYS), nthread=threads)
    return xgb.train({**PARAMS, "seed": seed, "nthread": threads}, data, ROUNDS)


def _predict(booster: xgb.Booster, frame: pl.DataFrame) -> Floats:
    predicted: Floats = booster.inplace_predict(_matrix(frame)).astype(np.float64)
    return predicted


def _matrix(frame: pl.DataFrame) -> npt.NDArray[np.float32]:
    return frame.select(FEATURE_NAMES).to_numpy().astype(np.float32, copy=False)

"""The report of a walk through history: every measure by segment, with bounds and baselines."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import get_args

import numpy as np
import polars as pl

from shared.evaluation.arrays import Floats, Mask
from shared.evaluation.metrics import Band, scorecard
from shared.evaluation.paired import DayBootstrap, Estimate, loss
from shared.evaluation.predictions import Scored, Texts, check, horizons, scored
from shared.evaluation.rolling_conformal import global_bands
from shared.market.sale_labels import DEALING, DELIVERY, Channel
from shared.market.tiers import TIERS, tier_of

BOOTSTRAP = DayBootstrap(draws=1_000, confidence=0.975, seed=7)
"""Two one-sided bounds of 97.5 % make a 95 % interval."""
AGE_BOUNDS = (3.0, 7.0, 14.0, 28.0, 56.0)
AGES = ("0-3d", "3-7d", "7-14d", "14-28d", "28-56d", "56d+")
"""Days from the model's data cut-off to the instant of the value; a bound belongs to the upper bucket."""

Document = dict[str, object]


def report(frame: pl.DataFrame, *, bootstrap: DayBootstrap = BOOTSTRAP) -> Document:
    """The report by horizon, the shortest first. The order of the rows does not matter.

    Args:
        frame: one row per sale and horizon with the columns of `predictions.COLUMNS` and `predictions.FURTHER`.

    Raises:
        IntegrityError: a row breaks an assertion of the split (`predictions.check`).
    """
    check(frame)
    return {name: horizon_report(scored(frame, name), bootstrap) for name in horizons(frame)}


def horizon_report(sales: Scored, bootstrap: DayBootstrap = BOOTSTRAP) -> Document:
    """The report of one horizon. Errors are fractions of the sale price; see `metrics.Scorecard`."""
    segment = tier_of(sales.value / sales.floor)
    age = np.searchsorted(np.array(AGE_BOUNDS), sales.model_age, side="right")
    return {
        "overall": card(sales, np.ones(len(sales), dtype=np.bool_)),
        "bounds_95": bounds(sales, bootstrap),
        "by_segment": _by(sales, {name: segment == index for index, name in enumerate(TIERS)}, bootstrap),
        "by_type": _by(sales, _each(sales.punk_type), bootstrap),
        "by_kind": _by(sales, _each(sales.kind), bootstrap),
        "by_channel": _by(sales, {name: sales.channel == name for name in get_args(Channel)}, bootstrap),
        "by_dealer": _by(sales, {DEALING[flag]: sales.dealer == flag for flag in (True, False)}, bootstrap),
        "by_pass_through": _by(
            sales, {DELIVERY[flag]: sales.pass_through == flag for flag in (True, False)}, bootstrap
        ),
        "by_month": _by(sales, _each(sales.month), bootstrap),
        "by_confidence": _by(sales, _each(sales.confidence), bootstrap),
        "by_model_age": _by(sales, {name: age == index for index, name in enumerate(AGES)}, bootstrap),
        "baselines": {
            name: _baseline(sales, values, bootstrap)
            for name, values in (
                ("floor", sales.floor),
                ("last_sale_carry", sales.last_sale_carry),
                ("trait_median", sales.trait_median),
            )
        },
        "global_conformal": _against_global(sales),
    }


def card(sales: Scored, rows: Mask) -> Document:
    """The scorecard of some of the sales, shape of `rows` (n,)."""
    return scorecard(sales.price[rows], sales.value[rows], sales.bands_of(rows)).as_dict()


def bounds(sales: Scored, bootstrap: DayBootstrap) -> Document:
    """95 % intervals of the main measures by a bootstrap over days."""
    signed = sales.value / sales.price - 1.0
    ape = np.abs(signed)
    estimates: dict[str, Estimate] = {
        "median_ape": bootstrap.median(ape, sales.day),
        "mape": bootstrap.mean(ape, sales.day),
        "median_bias": bootstrap.median(signed, sales.day),
        "mean_bias": bootstrap.mean(signed, sales.day),
        "within_5": bootstrap.mean((ape <= 0.05).astype(np.float64), sales.day),
        "within_10": bootstrap.mean((ape <= 0.10).astype(np.float64), sales.day),
        "mean_absolute_log_error": bootstrap.mean(loss(sales.price, sales.value), sales.day),
    }
    for band in sales.bands:
        inside = ((band.low <= sales.price) & (sales.price <= band.high)).astype(np.float64)
        estimates[f"coverage_{band.level * 100:.0f}"] = bootstrap.mean(inside, sales.day)
    return {name: asdict(estimate) for name, estimate in estimates.items()}


def _by(sales: Scored, groups: Mapping[str, Mask], bootstrap: DayBootstrap) -> Document:
    """Per group its scorecard and the bounds of its median and mean APE; a group without sales has n = 0."""
    ape = np.abs(sales.value / sales.price - 1.0)
    cards: Document = {}
    for name, rows in groups.items():
        cards[name] = {
            **card(sales, rows),
            "bounds_95": {
                "median_ape": asdict(bootstrap.median(ape[rows], sales.day[rows])),
                "mape": asdict(bootstrap.mean(ape[rows], sales.day[rows])),
            },
        }
    return cards


def _each(labels: Texts) -> dict[str, Mask]:
    return {str(name): labels == name for name in np.unique(labels)}


def _baseline(sales: Scored, values: Floats, bootstrap: DayBootstrap) -> Document:
    """A baseline, the model on the same sales, and the mean paired difference of their losses.

    `difference` is the mean of |ln P/model| - |ln P/baseline|; the model is better below zero.
    """
    valid = np.isfinite(values) & (values > 0)
    price, day = sales.price[valid], sales.day[valid]
    gain = loss(price, sales.value[valid]) - loss(price, values[valid])
    return {
        "baseline": _measures(price, values[valid]),
        "model": _measures(price, sales.value[valid]),
        "difference": asdict(bootstrap.mean(gain, day)),
    }


def _measures(price: Floats, value: Floats) -> Document:
    """A scorecard without intervals, which baselines lack."""
    return {name: figure for name, figure in scorecard(price, value).as_dict().items() if name != "intervals"}


def _against_global(sales: Scored) -> Document:
    """Coverage and width of the model's intervals and of a global interval, on the sales that have both."""
    levels = tuple(band.level for band in sales.bands)
    made = global_bands(sales.price, sales.value, sales.as_of, sales.sale_time, levels)
    rows = np.isfinite(made[0].low)
    price, value = sales.price[rows], sales.value[rows]
    theirs = tuple(Band(band.level, band.low[rows], band.high[rows]) for band in made)
    own, other = scorecard(price, value, sales.bands_of(rows)), scorecard(price, value, theirs)
    return {
        "n": own.n,
        "own": [asdict(interval) for interval in own.intervals],
        "global": [asdict(interval) for interval in other.intervals],
    }

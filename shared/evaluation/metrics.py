"""The scorecard of a set of sales: how accurate the values were.

Errors are divided by the sale price, never by the value. COD, PRD and PRB are those of the IAAO, Standard on
Ratio Studies (2013), with the ratio value / price.
"""

from dataclasses import asdict, dataclass
from math import nan

import numpy as np
from pydantic import dataclasses as pydantic

from shared.evaluation.arrays import FloatColumn, Floats
from shared.evaluation.canonical import RECORDED


@pydantic.dataclass(frozen=True, config=RECORDED)
class Band:
    """A prediction interval of one nominal level (0 to 1). `low` and `high` in ETH, shape (n,)."""

    level: float
    low: FloatColumn
    high: FloatColumn


@dataclass(frozen=True)
class Coverage:
    """Share of prices inside the interval, and its median width relative to the value."""

    level: float
    coverage: float
    width: float


@dataclass(frozen=True)
class Scorecard:
    """Accuracy on n sales, as fractions except `cod` (percent), `prd` and `prb`; NaN where n is too small."""

    n: int
    median_ape: float
    mape: float
    median_bias: float
    mean_bias: float
    within_5: float
    within_10: float
    cod: float
    prd: float
    prb: float
    intervals: tuple[Coverage, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def scorecard(price: Floats, value: Floats, bands: tuple[Band, ...] = ()) -> Scorecard:
    """Score values against prices (ETH, shape (n,)).

    Raises:
        ValueError: lengths differ, or a price or value is not finite and positive.
    """
    _check(price, value)
    n = len(price)
    if n == 0:
        return Scorecard(
            0, nan, nan, nan, nan, nan, nan, nan, nan, nan, tuple(Coverage(b.level, nan, nan) for b in bands)
        )
    signed = (value - price) / price
    ape = np.abs(signed)
    ratio = value / price
    middle = float(np.median(ratio))
    return Scorecard(
        n=n,
        median_ape=float(np.median(ape)),
        mape=float(np.mean(ape)),
        median_bias=float(np.median(signed)),
        mean_bias=float(np.mean(signed)),
        within_5=float(np.mean(ape <= 0.05)),
        within_10=float(np.mean(ape <= 0.10)),
        cod=100.0 * float(np.mean(np.abs(ratio - middle))) / middle,
        prd=float(np.mean(ratio)) / (float(np.sum(value)) / float(np.sum(price))),
        prb=_prb(price, value, ratio, middle),
        intervals=tuple(
            Coverage(
                level=band.level,
                coverage=float(np.mean((band.low <= price) & (price <= band.high))),
                width=float(np.median((band.high - band.low) / value)),
            )
            for band in bands
        ),
    )


def _prb(price: Floats, value: Floats, ratio: Floats, middle: float) -> float:
    """Slope of the relative ratio on log2 of the value proxy: the drift of the ratio per doubling of value."""
    proxy = np.log2(0.5 * value / middle + 0.5 * price)
    spread = proxy - proxy.mean()
    variance = float(spread @ spread)
    if variance < 1e-12:
        return nan
    return float(spread @ ((ratio - middle) / middle)) / variance


def _check(price: Floats, value: Floats) -> None:
    if len(price) != len(value):
        raise ValueError(f"{len(price)} prices but {len(value)} values")
    for name, array in (("price", price), ("value", value)):
        if not np.all(np.isfinite(array) & (array > 0)):
            raise ValueError(f"every {name} must be finite and positive")

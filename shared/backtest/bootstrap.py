"""Circular block bootstrap of days (Politis and Romano 1992). Blocks preserve the dependence between days, which is
strong in the marks of an illiquid market."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.market.series import Floats, Ints

_CELLS = 400_000
LOW, HIGH = 5.0, 95.0
"""Percentiles of the intervals: 90 %."""


@dataclass(frozen=True)
class Estimate:
    """A figure and its percentile interval; None if undefined, or undefined in too many resamples."""

    value: float | None
    lo: float | None
    hi: float | None


def resampled_days(n: int, *, block: int, resamples: int, seed: int) -> Ints:
    """Indices of shape (resamples, n). Each row consists of blocks of `block` days with random starts, which wrap
    around the end. All books use the same indices, so that differences are paired."""
    generator = np.random.default_rng(seed)
    blocks = -(-n // block)
    starts = generator.integers(0, n, size=(resamples, blocks))
    days = (starts[:, :, None] + np.arange(block)[None, None, :]) % n
    return days.reshape(resamples, -1)[:, :n].astype(np.int64)


def estimate(figure: Callable[[Floats], Floats], returns: Floats, days: Ints) -> Estimate:
    """A figure of daily returns, with its interval. `figure` maps (paths, n) to (paths,), NaN where undefined."""
    value = float(figure(returns[None, :])[0]) if len(returns) else float("nan")
    if not np.isfinite(value):
        return Estimate(None, None, None)
    return interval(value, over_paths(figure, returns, days))


def over_paths(figure: Callable[[Floats], Floats], returns: Floats, days: Ints) -> Floats:
    """The figure of every resampled path, a few paths at a time to limit memory."""
    return np.concatenate([figure(returns[some]) for some in np.array_split(days, -(-days.size // _CELLS))])


def interval(value: float, resamples: Floats) -> Estimate:
    """The percentile interval; None if the figure is undefined in over a tenth of the resamples."""
    finite = resamples[np.isfinite(resamples)]
    if len(finite) < 0.9 * len(resamples) or not len(finite):
        return Estimate(value, None, None)
    lo, hi = np.percentile(finite, [LOW, HIGH])
    return Estimate(value, float(lo), float(hi))

"""Bounds for means and medians of sales that come in clusters: whole days are the unit, not sales.

Sales of one day share the market's mood, so days are drawn with replacement (a block bootstrap; Efron and
Tibshirani, An Introduction to the Bootstrap, 1993). Percentiles of the drawn means are too narrow for a few dozen days
of heavy-tailed errors: at the margin they pass 6 to 9 % instead of 5 %. So the bounds of a mean are the wider of two
whose errors differ. The studentised bootstrap handles skewness (Efron and Tibshirani, chapter 12.5). Student's t with
the cluster-robust standard error handles few or uneven days (Cameron and Miller, A Practitioner's Guide to
Cluster-Robust Inference, 2015). Percentiles of a median are widened by the t distribution's factor for the number of
days. The seed is fixed: the same sales give the same bounds.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import inf, nan, sqrt
from statistics import NormalDist
from typing import Literal

import numpy as np

from shared.evaluation.arrays import Floats, Ints

_CELLS = 2_000_000
"""Limit of draws times sales in memory."""


@dataclass(frozen=True)
class Estimate:
    """A statistic of `n` sales on `days` days, with one-sided bounds, which are infinite for a single day."""

    value: float
    lo: float
    hi: float
    n: int
    days: int


@dataclass(frozen=True)
class DayBootstrap:
    """The number of draws, the confidence of each one-sided bound, and the seed."""

    draws: int
    confidence: float
    seed: int

    def mean(self, values: Floats, day: Ints) -> Estimate:
        """The mean of `values`, shape (n,), grouped by `day`, shape (n,)."""
        if len(values) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        sums, counts = _by_day(values, day)
        days, mean = len(sums), float(np.mean(values))
        if days == 1:
            return Estimate(mean, -inf, inf, len(values), 1)
        error = standard_error(values, day)
        if error <= _ROUNDING * float(np.max(np.abs(values))):
            return Estimate(mean, mean, mean, len(values), days)
        below, above = self._studentised(sums, counts, error)
        reach = student_t(self.confidence, days - 1)
        return Estimate(mean, mean - max(above, reach) * error, mean + max(-below, reach) * error, len(values), days)

    def median(self, values: Floats, day: Ints) -> Estimate:
        """The median of `values`, shape (n,)."""
        if len(values) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        weights, day_index = self._weights(day)
        drawn = _weighted_medians(values, weights, day_index)
        return self._widened(float(np.median(values)), drawn, len(values), weights.shape[1])

    def median_difference(self, left: Floats, right: Floats, day: Ints) -> Estimate:
        """median(left) - median(right) on the same sales."""
        if len(left) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        weights, day_index = self._weights(day)
        drawn = _weighted_medians(left, weights, day_index) - _weighted_medians(right, weights, day_index)
        point = float(np.median(left)) - float(np.median(right))
        return self._widened(point, drawn, len(left), weights.shape[1])

    def _studentised(self, sums: Floats, counts: Floats, error: float) -> tuple[float, float]:
        """The outer quantiles of (drawn mean - mean) / drawn standard error."""
        days = len(sums)
        weights = _drawn(self.draws, days, self.seed)
        size = weights @ counts
        mean = float(sums.sum() / counts.sum())
        drawn = (weights @ sums) / size
        squares = (
            weights @ (sums * sums) - 2 * drawn * (weights @ (sums * counts)) + drawn**2 * (weights @ (counts * counts))
        )
        errors = np.sqrt(np.maximum(squares, 0.0) * days / (days - 1)) / size
        # A draw that is nearly a single day has no spread; it counts as extreme on its side.
        ratio = (drawn - mean) / np.maximum(errors, _ROUNDING * error)
        low, high = np.quantile(ratio, [1.0 - self.confidence, self.confidence])
        return float(low), float(high)

    def _weights(self, day: Ints) -> tuple[Floats, Ints]:
        """The number of times each day is drawn, shape (draws, days), and the day index of each sale, shape (n,)."""
        unique, day_index = np.unique(day, return_inverse=True)
        return _drawn(self.draws, len(unique), self.seed), day_index.astype(np.int64)

    def _widened(self, point: float, drawn: Floats, n: int, days: int) -> Estimate:
        if days == 1:
            return Estimate(point, -inf, inf, n, 1)
        lo, hi = np.quantile(drawn, [1.0 - self.confidence, self.confidence])
        wider = student_t(self.confidence, days - 1) / NormalDist().inv_cdf(self.confidence) * sqrt(days / (days - 1))
        return Estimate(point, point - wider * (point - float(lo)), point + wider * (float(hi) - point), n, days)


_ROUNDING = 1e-12
"""A spread below this share of the largest value is rounding error."""


def standard_error(values: Floats, day: Ints) -> float:
    """Cluster-robust standard error of the mean of `values`, shape (n,), by day; needs two days."""
    sums, counts = _by_day(values, day)
    days, n = len(sums), float(counts.sum())
    left = sums - float(np.mean(values)) * counts
    return sqrt(days / (days - 1) * float(left @ left)) / n


def student_t(confidence: float, freedom: int) -> float:
    """Quantile of Student's t: the expansion 26.7.5 of Abramowitz and Stegun, within 0.5 % from 4 degrees on."""
    z, v = NormalDist().inv_cdf(confidence), float(freedom)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )


def effective_sales(hits: Floats, day: Ints) -> float:
    """The effective number of sales behind the clustered 0/1 values `hits`, shape (n,); at most n.

    n over the design effect: the robust variance of the share over the binomial one (Kish, Survey Sampling, 1965).
    """
    n = len(hits)
    share = float(np.mean(hits)) if n else 0.0
    if len(np.unique(day)) < 2:
        return 1.0 if n else 0.0
    plain = share * (1 - share) / n
    return float(n) if plain == 0 else n / max(1.0, standard_error(hits, day) ** 2 / plain)


@lru_cache(maxsize=4)
def _drawn(draws: int, days: int, seed: int) -> Floats:
    """The number of times each day is drawn, shape (draws, days)."""
    weights = np.random.default_rng(seed).multinomial(days, np.full(days, 1.0 / days), size=draws).astype(np.float64)
    weights.flags.writeable = False
    return weights


def _by_day(values: Floats, day: Ints) -> tuple[Floats, Floats]:
    """Sum and count of the values of each day, shape (days,)."""
    _, day_index = np.unique(day, return_inverse=True)
    sums: Floats = np.bincount(day_index, weights=values).astype(np.float64)
    return sums, np.bincount(day_index).astype(np.float64)


@dataclass(frozen=True)
class NonInferiority:
    """Mean of d = |ln P/v_new| - |ln P/v_old| (log units) against a margin.

    `not_worse`: the upper bound is within the margin. `worse`: proven worse, and not shown to be within the margin.
    """

    difference: Estimate
    margin: float
    outcome: Literal["not_worse", "worse", "inconclusive"]


def loss(price: Floats, value: Floats) -> Floats:
    """Absolute log error |ln(price / value)|, shape (n,)."""
    return np.asarray(np.abs(np.log(price / value)), dtype=np.float64)


def non_inferiority(
    price: Floats, new: Floats, old: Floats, day: Ints, *, margin: float, bootstrap: DayBootstrap
) -> NonInferiority:
    """Is the new model no more than `margin` worse than the old one on the same sales?"""
    difference = bootstrap.mean(loss(price, new) - loss(price, old), day)
    if difference.hi <= margin:
        return NonInferiority(difference, margin, "not_worse")
    if difference.lo > 0:
        return NonInferiority(difference, margin, "worse")
    return NonInferiority(difference, margin, "inconclusive")


def wilson(successes: float, n: float, *, z: float) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _weighted_medians(values: Floats, weights: Floats, day_index: Ints) -> Floats:
    """The median of `values`, shape (n,), in each draw.

    `weights`, shape (draws, days), counts the days in each draw; `day_index`, shape (n,), is the day of each value.
    """
    order = np.argsort(values, kind="stable")
    ordered, day = values[order], day_index[order]
    medians = np.empty(len(weights), dtype=np.float64)
    at_once = max(1, _CELLS // len(values))
    for first in range(0, len(weights), at_once):
        cumulative = np.cumsum(weights[first : first + at_once, day], axis=1)
        half = cumulative[:, -1:] / 2
        # Lower and upper median, so that an even multiset gets its midpoint, as np.median does.
        low = np.argmax(cumulative >= half, axis=1)
        high = np.argmax(cumulative > half, axis=1)
        medians[first : first + at_once] = (ordered[low] + ordered[high]) / 2
    return medians

"""Bounds for means and medians of sales that come in clusters: bootstrap over whole days.

Sales of one day share the market's mood, so days, not sales, are drawn with replacement (a block bootstrap;
Efron and Tibshirani, An Introduction to the Bootstrap, 1993). Seeded: the same sales give the same bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np

from shared.evaluation.arrays import Floats, Ints

_CELLS = 2_000_000
"""Draws times sales held in memory at once."""


@dataclass(frozen=True)
class Estimate:
    """A statistic with its one-sided lower and upper bounds. `n` sales on `days` days."""

    value: float
    lo: float
    hi: float
    n: int
    days: int


@dataclass(frozen=True)
class DayBootstrap:
    """How to draw. `confidence` is that of each one-sided bound."""

    draws: int
    confidence: float
    seed: int

    def mean(self, values: Floats, day: Ints) -> Estimate:
        """The mean of `values`, shape (n,), grouped by `day`, shape (n,)."""
        if len(values) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        weights, place = self._weights(day)
        days = weights.shape[1]
        sums = np.bincount(place, weights=values, minlength=days)
        counts = np.bincount(place, minlength=days)
        return self._estimate(float(np.mean(values)), (weights @ sums) / (weights @ counts), len(values), days)

    def median(self, values: Floats, day: Ints) -> Estimate:
        """The median of `values`, shape (n,)."""
        if len(values) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        weights, place = self._weights(day)
        drawn = _weighted_medians(values, weights, place)
        return self._estimate(float(np.median(values)), drawn, len(values), weights.shape[1])

    def median_difference(self, left: Floats, right: Floats, day: Ints) -> Estimate:
        """median(left) - median(right) on the same sales."""
        if len(left) == 0:
            return Estimate(nan, nan, nan, 0, 0)
        weights, place = self._weights(day)
        drawn = _weighted_medians(left, weights, place) - _weighted_medians(right, weights, place)
        point = float(np.median(left)) - float(np.median(right))
        return self._estimate(point, drawn, len(left), weights.shape[1])

    def _weights(self, day: Ints) -> tuple[Floats, Ints]:
        """How often each day is drawn, shape (draws, days), and the day of each sale, shape (n,)."""
        unique, place = np.unique(day, return_inverse=True)
        days = len(unique)
        drawn = np.random.default_rng(self.seed).multinomial(days, np.full(days, 1.0 / days), size=self.draws)
        return drawn.astype(np.float64), place.astype(np.int64)

    def _estimate(self, point: float, drawn: Floats, n: int, days: int) -> Estimate:
        lo, hi = np.quantile(drawn, [1.0 - self.confidence, self.confidence])
        return Estimate(point, float(lo), float(hi), n, days)


@dataclass(frozen=True)
class NonInferiority:
    """Mean of d = |ln P/v_new| - |ln P/v_old| (log units) against a margin.

    `not_worse`: the upper bound is within the margin. `worse`: proven worse, and not shown to be
    within the margin.
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


def wilson(successes: int, n: int, *, z: float) -> tuple[float, float]:
    """Wilson score interval of a proportion (Wilson 1927); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _weighted_medians(values: Floats, weights: Floats, place: Ints) -> Floats:
    """Per draw the median of `values`, shape (n,), each as often as the draw has its day.

    `weights` has shape (draws, days), `place` is the day of each value.
    """
    order = np.argsort(values, kind="stable")
    ordered, day = values[order], place[order]
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

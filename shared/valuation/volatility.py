"""How large errors are just now beside their usual size, so that intervals breathe with the market.

A wild fortnight is followed by wild days, whatever the segment. So past errors are divided by the volatility of their
day before quantiles are taken of them, and these are multiplied by that of now: filtered historical simulation
(Hull & White, Journal of Risk 1, 1998), with an exponentially weighted mean of sizes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.market.series import Floats, Ints

DAY_S: Final = 86_400
HALF_LIFE_DAYS: Final = 7.0
"""The size of an error this much older counts half."""
PRIOR_SALES: Final = 10.0
"""Shrinkage: the weight of so many sales with errors of the usual size."""
LARGEST: Final = 4.0
"""An error of more than so many times the median of its segment counts as one of so many."""


def volatility(error: Floats, segment: Ints, time: Ints, instant: float) -> tuple[Floats, float]:
    """Of the day of each error, by those of the days before, shape (n,), and of an instant (UTC seconds) after all.

    1 is usual. `time` is of the sales, `segment` of their premia; the order in which they are given does not matter.
    """
    size = _size(error, segment)
    if not size.any():
        return np.ones(len(error)), 1.0
    order = np.lexsort((size, time))
    days, which = np.unique(time // DAY_S, return_inverse=True)
    sizes = np.bincount(which[order], weights=size[order] / np.sort(size).mean())
    counts = np.bincount(which)
    found = np.empty(len(days))
    said = weight = 0.0
    decay = 0.5 ** (np.diff(days, append=instant // DAY_S) / HALF_LIFE_DAYS)
    for number in range(len(days)):
        found[number] = (said + PRIOR_SALES) / (weight + PRIOR_SALES)
        said = (said + sizes[number]) * decay[number]
        weight = (weight + counts[number]) * decay[number]
    return found[which], float((said + PRIOR_SALES) / (weight + PRIOR_SALES))


def _size(error: Floats, segment: Ints) -> Floats:
    """Sizes of errors in medians of their segments, shape (n,)."""
    size = np.abs(error)
    for index in np.unique(segment):
        own = segment == index
        usual = float(np.median(size[own]))
        size[own] = np.minimum(size[own] / usual, LARGEST) if usual > 0.0 else np.where(size[own] > 0.0, 1.0, 0.0)
    return size

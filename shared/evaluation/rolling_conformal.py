"""A global conformal interval of the same values: a baseline for the model's own intervals.

At each instant it uses the residuals ln(price / value) of all sales of the walk that were strictly earlier, in every
segment. Ranks are those of split conformal prediction (Vovk et al., Algorithmic Learning in a Random World, 2005), for
the lower and the upper tail separately.
"""

from bisect import insort
from math import ceil, floor

import numpy as np

from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.metrics import Band

MIN_RESIDUALS = 100
"""Sales with fewer earlier residuals get no interval (NaN)."""


def global_bands(
    price: Floats, value: Floats, as_of: Ints, sale_time: Ints, levels: tuple[float, ...]
) -> tuple[Band, ...]:
    """One band per level, all arrays of shape (n,); prices and values in ETH, times in UTC seconds."""
    residual = np.log(price / value)
    by_sale = np.argsort(sale_time, kind="stable")
    offsets = np.full((len(levels), 2, len(price)), np.nan)
    residuals: list[float] = []
    taken = 0
    for row in np.argsort(as_of, kind="stable"):
        while taken < len(by_sale) and sale_time[by_sale[taken]] < as_of[row]:
            insort(residuals, float(residual[by_sale[taken]]))
            taken += 1
        n = len(residuals)
        if n < MIN_RESIDUALS:
            continue
        for index, level in enumerate(levels):
            tail = (1.0 - level) / 2.0
            offsets[index, 0, row] = residuals[max(floor((n + 1) * tail) - 1, 0)]
            offsets[index, 1, row] = residuals[min(ceil((n + 1) * (1.0 - tail)) - 1, n - 1)]
    return tuple(
        Band(level, value * np.exp(offsets[index, 0]), value * np.exp(offsets[index, 1]))
        for index, level in enumerate(levels)
    )

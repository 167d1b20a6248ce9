"""A global conformal interval of the same values, as a yardstick for the model's own intervals.

It is made forward: at each instant from the residuals ln(price / value) of all sales of the walk that were over
strictly before it, whatever their segment, with the finite-sample ranks of split conformal prediction (Vovk et al.,
Algorithmic Learning in a Random World, 2005), lower and upper tail apart.
"""

from __future__ import annotations

from bisect import insort
from math import ceil, floor

import numpy as np

from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.metrics import Band

MIN_RESIDUALS = 100
"""Sales with fewer residuals before them get no interval (NaN)."""


def global_bands(
    price: Floats, value: Floats, as_of: Ints, sale_time: Ints, levels: tuple[float, ...]
) -> tuple[Band, ...]:
    """One band per level, all arrays of shape (n,); prices and values in ETH, times in UTC seconds."""
    residual = np.log(price / value)
    by_sale = np.argsort(sale_time, kind="stable")
    offsets = np.full((len(levels), 2, len(price)), np.nan)
    known: list[float] = []
    taken = 0
    for row in np.argsort(as_of, kind="stable"):
        while taken < len(by_sale) and sale_time[by_sale[taken]] < as_of[row]:
            insort(known, float(residual[by_sale[taken]]))
            taken += 1
        n = len(known)
        if n < MIN_RESIDUALS:
            continue
        for place, level in enumerate(levels):
            tail = (1.0 - level) / 2.0
            offsets[place, 0, row] = known[max(floor((n + 1) * tail) - 1, 0)]
            offsets[place, 1, row] = known[min(ceil((n + 1) * (1.0 - tail)) - 1, n - 1)]
    return tuple(
        Band(level, value * np.exp(offsets[place, 0]), value * np.exp(offsets[place, 1]))
        for place, level in enumerate(levels)
    )

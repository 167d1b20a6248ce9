"""The current size of errors relative to their average size, by which intervals widen and narrow.

Volatility clusters in time, in all tiers. Past errors are divided by the volatility of their day before quantiles are
taken, and the quantiles are multiplied by today's volatility: filtered historical simulation (Hull & White, Journal of
Risk 1, 1998), with an exponentially weighted mean of sizes.
"""

import numpy as np

from shared.market.series import Floats, Ints
from shared.valuation.params import VolatilityParams


def volatility(error: Floats, tier: Ints, day: Ints, today: int, params: VolatilityParams) -> tuple[Floats, float]:
    """Volatility on each error's day, from earlier days only, shape (n,); and today, from all.

    1 is average. `day`: the UTC day of each sale; `tier`: the tier of its premium. The order of sales does not matter.
    """
    size = _size(error, tier, params.largest)
    if not size.any():
        return np.ones(len(error)), 1.0
    order = np.lexsort((size, day))
    days, which = np.unique(day, return_inverse=True)
    sizes = np.bincount(which[order], weights=size[order] / np.sort(size).mean())
    counts = np.bincount(which)
    daily = np.empty(len(days))
    total = weight = 0.0
    decay = 0.5 ** (np.diff(days, append=today) / params.half_life_days)
    for number in range(len(days)):
        daily[number] = (total + params.prior_sales) / (weight + params.prior_sales)
        total = (total + sizes[number]) * decay[number]
        weight = (weight + counts[number]) * decay[number]
    return daily[which], float((total + params.prior_sales) / (weight + params.prior_sales))


def _size(error: Floats, tier: Ints, largest: float) -> Floats:
    """Sizes of errors in units of their tier's median, at most `largest`, shape (n,)."""
    size = np.abs(error)
    for index in np.unique(tier):
        own = tier == index
        median = float(np.median(size[own]))
        size[own] = np.minimum(size[own] / median, largest) if median > 0.0 else np.where(size[own] > 0.0, 1.0, 0.0)
    return size

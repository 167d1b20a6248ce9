"""Features of past sales, computed once for each timeline: what was known before a sale never changes.

A trainer asks for all sales again with every request, and all but the newest were asked for before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline, Sale
from shared.units import DAY_S
from shared.valuation.features import compute

_KEPT: WeakKeyDictionary[MarketTimeline, tuple[DailyPrices, dict[int, pl.DataFrame]]] = WeakKeyDictionary()
"""The closes that features rest on; features by horizon, with each sale's `place` among the valid ones."""


def sale_features(
    timeline: MarketTimeline, prices: DailyPrices, sales: Sequence[Sale], start: int, end: int, horizon: int
) -> pl.DataFrame:
    """Floor and features `horizon` seconds before each of `sales[start:end]`; `sales` are all valid ones."""
    closes, kept = _KEPT.get(timeline, (prices, {}))
    kept = kept if _continues(closes, prices) else {}
    _KEPT[timeline] = prices, kept
    rows = kept.get(horizon)
    missing = np.setdiff1d(np.arange(start, end), [] if rows is None else rows["place"], assume_unique=True)
    if rows is None or len(missing):
        asked = np.array([(sales[place].punk_id, sales[place].time) for place in missing], dtype=np.int64)
        punks, times = asked.reshape(-1, 2).T
        made = compute(timeline, prices, punks, times - horizon).with_columns(place=pl.Series(missing))
        rows = made if rows is None else pl.concat([rows, made]).sort("place")
        # A close that is still to come belongs into the features of the newest sales: they are not kept.
        final = (int(prices.days[-1]) + 2) * DAY_S + horizon if len(prices.days) else 0
        kept[horizon] = rows.filter(pl.col("place") < bisect_left(sales, final, key=lambda sale: sale.time))
    first = rows["place"].search_sorted(start)
    return rows[first : first + end - start].drop("place")


def _continues(old: DailyPrices, new: DailyPrices) -> bool:
    """Whether the new closes are the old ones and later days."""
    count = len(old.days)
    return np.array_equal(old.days, new.days[:count]) and np.array_equal(old.closes, new.closes[:count])

"""Features of past sales, computed once per timeline: the events before a sale never change.

Every training request needs all sales, most of which an earlier request needed too.
"""

from bisect import bisect_left
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.valid_sales import Sale
from shared.units import DAY_S
from shared.valuation.features import compute

_KEPT: WeakKeyDictionary[MarketTimeline, tuple[DailyPrices, dict[int, pl.DataFrame]]] = WeakKeyDictionary()
"""The closes behind the features, and features by horizon, with each sale's `place` among the valid sales."""


def sale_features(
    timeline: MarketTimeline, prices: DailyPrices, sales: Sequence[Sale], start: int, end: int, horizon: int
) -> pl.DataFrame:
    """Floor and features `horizon` seconds before each of `sales[start:end]`; `sales` are all valid sales."""
    closes, kept = _KEPT.get(timeline, (prices, {}))
    kept = kept if _continues(closes, prices) else {}
    _KEPT[timeline] = prices, kept
    rows = kept.get(horizon)
    missing = np.setdiff1d(np.arange(start, end), [] if rows is None else rows["place"], assume_unique=True)
    if rows is None or len(missing):
        pairs = np.array([(sales[place].punk_id, sales[place].time) for place in missing], dtype=np.int64)
        punks, times = pairs.reshape(-1, 2).T
        made = compute(timeline, prices, punks, times - horizon).with_columns(place=pl.Series(missing))
        rows = made if rows is None else pl.concat([rows, made]).sort("place")
        # A later close may still enter the features of the newest sales, so they are not kept.
        final = (int(prices.days[-1]) + 2) * DAY_S + horizon if len(prices.days) else 0
        kept[horizon] = rows.filter(pl.col("place") < bisect_left(sales, final, key=lambda sale: sale.time))
    first = rows["place"].search_sorted(start)
    return rows[first : first + end - start].drop("place")


def _continues(old: DailyPrices, new: DailyPrices) -> bool:
    """The new closes are the old closes plus later days."""
    count = len(old.days)
    return np.array_equal(old.days, new.days[:count]) and np.array_equal(old.closes, new.closes[:count])

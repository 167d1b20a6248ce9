"""Features of past sales, computed once for each timeline: what was known before a sale never changes.

A trainer asks for all sales again with every request, and all but the newest were asked for before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline, Sale
from shared.units import DAY_S
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.features import FeatureRows, compute


@dataclass
class _Kept:
    """Floor and features by horizon and by place among the valid sales, and the closes that they rest on."""

    prices: DailyPrices
    horizons: dict[int, dict[int, tuple[float, npt.NDArray[np.float32]]]] = field(default_factory=dict)


_KEPT: WeakKeyDictionary[MarketTimeline, _Kept] = WeakKeyDictionary()


def sale_features(
    timeline: MarketTimeline, prices: DailyPrices, sales: Sequence[Sale], start: int, end: int, horizon: int
) -> FeatureRows:
    """Floor and features `horizon` seconds before each of `sales[start:end]`; `sales` are all valid ones."""
    kept = _KEPT.get(timeline)
    if kept is None or not _continues(kept.prices, prices):
        kept = _KEPT[timeline] = _Kept(prices)
    kept.prices = prices
    rows = kept.horizons.get(horizon, {})
    missing = [place for place in range(start, end) if place not in rows]
    if missing:
        punks, times = np.array([(sales[place].punk_id, sales[place].time) for place in missing], dtype=np.int64).T
        made = compute(timeline, prices, punks, times - horizon)
        rows = rows | dict(zip(missing, zip(made.floor_eth.tolist(), made.matrix, strict=True), strict=True))
        # A close that is still to come belongs into the features of the newest sales: they are not kept.
        final = (int(prices.days[-1]) + 2) * DAY_S + horizon if len(prices.days) else 0
        kept.horizons[horizon] = {place: row for place, row in rows.items() if sales[place].time < final}
    asked = [rows[place] for place in range(start, end)]
    matrix = np.array([row for _, row in asked], dtype=np.float32).reshape(len(asked), len(FEATURE_NAMES))
    return FeatureRows(np.array([floor for floor, _ in asked]), matrix)


def _continues(old: DailyPrices, new: DailyPrices) -> bool:
    """Whether the new closes are the old ones and later days."""
    count = len(old.days)
    return np.array_equal(old.days, new.days[:count]) and np.array_equal(old.closes, new.closes[:count])

"""Features of past sales, computed once for each timeline: what was known before a sale never changes.

A trainer asks for all sales again with every request, and all but the newest were asked for before.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from shared.market.prices import DailyPrices
from shared.market.series import Floats
from shared.market.timeline import MarketTimeline, Sale
from shared.units import DAY_S
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.features import compute

_KEPT: WeakKeyDictionary[MarketTimeline, SaleFeatures] = WeakKeyDictionary()


class SaleFeatures:
    """The features of one timeline's valid sales, horizon by horizon."""

    def __init__(self, prices: DailyPrices) -> None:
        self._prices = prices
        self._kept: dict[int, dict[int, tuple[float, npt.NDArray[np.float32]]]] = {}

    @classmethod
    def of(cls, timeline: MarketTimeline, prices: DailyPrices) -> SaleFeatures:
        """What is kept for the timeline; nothing of it when closes that it rests on were not the same."""
        kept = _KEPT.get(timeline)
        if kept is None or not _continues(kept._prices, prices):
            kept = _KEPT[timeline] = cls(prices)
        kept._prices = prices
        return kept

    def rows(
        self, timeline: MarketTimeline, sales: Sequence[Sale], start: int, end: int, horizon: int
    ) -> tuple[Floats, npt.NDArray[np.float32]]:
        """Floor (ETH) and features `horizon` seconds before each of `sales[start:end]`; `sales` are all valid ones."""
        kept = self._kept.get(horizon, {})
        missing = [place for place in range(start, end) if place not in kept]
        if missing:
            punks, times = np.array([(sales[place].punk_id, sales[place].time) for place in missing], dtype=np.int64).T
            made = compute(timeline, self._prices, punks, times - horizon)
            kept = kept | dict(zip(missing, zip(made.floor_eth.tolist(), made.matrix, strict=True), strict=True))
            # A close that is still to come belongs into the features of the newest sales: they are not kept.
            final = (int(self._prices.days[-1]) + 2) * DAY_S + horizon if len(self._prices.days) else 0
            self._kept[horizon] = {place: row for place, row in kept.items() if sales[place].time < final}
        asked = [kept[place] for place in range(start, end)]
        matrix = np.array([row for _, row in asked], dtype=np.float32).reshape(len(asked), len(FEATURE_NAMES))
        return np.array([floor for floor, _ in asked]), matrix


def _continues(old: DailyPrices, new: DailyPrices) -> bool:
    """Whether the new closes are the old ones and later days."""
    count = len(old.days)
    return np.array_equal(old.days, new.days[:count]) and np.array_equal(old.closes, new.closes[:count])

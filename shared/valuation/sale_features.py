"""Features of past sales, computed once for each timeline: what was known before a sale never changes.

A trainer asks for all sales again with every request, and all but the newest were asked for before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Stretch:
    """Features of the valid sales `start` to `start + len(floor_eth)` at one horizon."""

    start: int
    floor_eth: Floats
    matrix: npt.NDArray[np.float32]

    @property
    def end(self) -> int:
        return self.start + len(self.floor_eth)

    def part(self, start: int, end: int) -> _Stretch:
        return _Stretch(
            start,
            self.floor_eth[start - self.start : end - self.start],
            self.matrix[start - self.start : end - self.start],
        )


class SaleFeatures:
    """The features of one timeline's valid sales, horizon by horizon."""

    def __init__(self, prices: DailyPrices) -> None:
        self._prices = prices
        self._stretches: dict[int, _Stretch] = {}

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

        def made(first: int, last: int) -> _Stretch:
            asked = sales[first:last]
            punks = np.array([sale.punk_id for sale in asked], dtype=np.int64)
            instants = np.array([sale.time - horizon for sale in asked], dtype=np.int64)
            rows = compute(timeline, self._prices, punks, instants)
            return _Stretch(first, rows.floor_eth, rows.matrix)

        if start == end:
            # A model so new that nothing was sold since: what is kept for the others stays.
            return np.empty(0), np.empty((0, len(FEATURE_NAMES)), dtype=np.float32)
        known = self._stretches.get(horizon)
        if known is None or start > known.end or end < known.start:
            whole = made(start, end)
        else:
            parts = [
                *([made(start, known.start)] if start < known.start else []),
                known,
                *([made(known.end, end)] if end > known.end else []),
            ]
            whole = _joined(parts)
        # A close that is still to come belongs into the features of the newest sales: they are not kept.
        final = (int(self._prices.days[-1]) + 2) * DAY_S + horizon if len(self._prices.days) else 0
        settled = next((n for n in range(whole.end, whole.start, -1) if sales[n - 1].time < final), whole.start)
        self._stretches[horizon] = whole.part(whole.start, settled)
        asked = whole.part(start, end)
        return asked.floor_eth, asked.matrix


def _joined(parts: Sequence[_Stretch]) -> _Stretch:
    return _Stretch(
        parts[0].start,
        np.concatenate([part.floor_eth for part in parts]),
        np.concatenate([part.matrix for part in parts]),
    )


def _continues(old: DailyPrices, new: DailyPrices) -> bool:
    """Whether the new closes are the old ones and later days."""
    count = len(old.days)
    return np.array_equal(old.days, new.days[:count]) and np.array_equal(old.closes, new.closes[:count])

"""Ask, bid and owner of every punk at one instant, as arrays that advance from instant to instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.market.series import Floats, Ints, KeyedSeries
from shared.market.series_rows import OwnerChange
from shared.market.sorted_prices import SortedPrices
from shared.market.traits import PUNKS

if TYPE_CHECKING:
    from shared.market.timeline import MarketTimeline

_OWNER, _WAY = OwnerChange._fields.index("owner"), OwnerChange._fields.index("way")
NOBODY = -1


class BookArrays:
    """All punks strictly before an instant. Arrays have shape (10,000,) and change with every `advance`.

    Attributes:
        ask_eth, ask_since: public ask and its time (UTC seconds); NaN without one.
        bid_eth: standing bid, NaN without one.
        owner, way: owner number (`NOBODY` before the claim) and its acquisition (`ACQUISITION_KINDS`, else 0).
        asks, bids: the same asks and bids, sorted by price.
        held: number of punks by owner number; the last entry, at `NOBODY`, counts punks without an owner.
    """

    def __init__(self, timeline: MarketTimeline) -> None:
        self.ask_eth: Floats = np.full(PUNKS, np.nan)
        self.ask_since: Floats = np.full(PUNKS, np.nan)
        self.bid_eth: Floats = np.full(PUNKS, np.nan)
        self.owner: Ints = np.full(PUNKS, NOBODY, dtype=np.int64)
        self.way: Ints = np.zeros(PUNKS, dtype=np.int64)
        self.asks, self.bids = SortedPrices(), SortedPrices()
        owners = int(np.max(timeline.owner_changes.rows[:, _OWNER], initial=NOBODY)) + 1
        self.held: Ints = np.zeros(owners + 1, dtype=np.int64)
        self.held[NOBODY] = PUNKS
        self._new_asks = _Changes(timeline.asks)
        self._new_bids = _Changes(timeline.bids)
        self._new_owners = _Changes(timeline.owner_changes)

    def advance(self, as_of: int) -> None:
        """Advance to just before `as_of` (UTC seconds), which must not be before the last one."""
        if asks := self._new_asks.until(as_of):
            punks, times, rows = asks
            prices = rows[:, 0]
            self.ask_eth[punks] = prices
            self.ask_since[punks] = np.where(np.isnan(prices), np.nan, times)
            self.asks.change(punks, prices)
        if bids := self._new_bids.until(as_of):
            punks, _, rows = bids
            self.bid_eth[punks] = rows[:, 0]
            self.bids.change(punks, rows[:, 0])
        if changes := self._new_owners.until(as_of):
            punks, _, rows = changes
            owner = rows[:, _OWNER].astype(np.int64)
            np.subtract.at(self.held, self.owner[punks], 1)
            np.add.at(self.held, owner, 1)
            self.owner[punks] = owner
            self.way[punks] = rows[:, _WAY]


class _Changes:
    """Rows of a keyed series in order of time, taken piece by piece."""

    def __init__(self, series: KeyedSeries) -> None:
        self._keys, self._times, self._rows = series.keys, series.times, series.rows
        self._taken = 0
        self._last: Ints = np.full(PUNKS, -1)
        """Number of each punk's last row taken."""

    def until(self, as_of: int) -> tuple[Ints, Ints, Floats] | None:
        """The rows before `as_of` that were not taken yet, reduced to the last one of each punk."""
        end = int(self._times.searchsorted(as_of, side="left"))
        start, self._taken = self._taken, max(end, self._taken)
        if end <= start:
            return None
        if end == start + 1:
            return self._keys[start:end], self._times[start:end], self._rows[start:end]
        # NumPy does not define which value an assignment through repeated indices keeps.
        keys, numbers = self._keys[start:end], np.arange(start, end)
        np.maximum.at(self._last, keys, numbers)
        last = numbers[self._last[keys] == numbers]
        return self._keys[last], self._times[last], self._rows[last]

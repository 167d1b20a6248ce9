"""The market at one instant: every punk's ask, bid and owner, as arrays, moved from instant to instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.market.marks import OwnerChange
from shared.market.series import Floats, Ints, KeyedSeries
from shared.market.traits import PUNKS

if TYPE_CHECKING:
    from shared.market.timeline import MarketTimeline

_OWNER, _WAY = OwnerChange._fields.index("owner"), OwnerChange._fields.index("way")
NOBODY = -1


class Board:
    """All punks strictly before an instant. Arrays have shape (10,000,); they change with every `advance`.

    Attributes:
        ask_eth, ask_since: public ask and when it was placed (UTC seconds); NaN where there is none.
        bid_eth: standing bid, NaN where there is none.
        owner, way: number of the owner (`NOBODY` before the claim) and how it came to the punk (`marks.WAYS`, 0).
    """

    def __init__(self, timeline: MarketTimeline) -> None:
        self.ask_eth: Floats = np.full(PUNKS, np.nan)
        self.ask_since: Floats = np.full(PUNKS, np.nan)
        self.bid_eth: Floats = np.full(PUNKS, np.nan)
        self.owner: Ints = np.full(PUNKS, NOBODY, dtype=np.int64)
        self.way: Ints = np.zeros(PUNKS, dtype=np.int64)
        self._asks = _Changes(timeline.asks)
        self._bids = _Changes(timeline.bids)
        self._owners = _Changes(timeline.owner_changes)

    def advance(self, as_of: int) -> None:
        """Move forward to just before `as_of` (UTC seconds), which must not lie before the last one."""
        for punks, times, rows in self._asks.until(as_of):
            self.ask_eth[punks] = rows[:, 0]
            self.ask_since[punks] = np.where(np.isnan(rows[:, 0]), np.nan, times)
        for punks, _, rows in self._bids.until(as_of):
            self.bid_eth[punks] = rows[:, 0]
        for punks, _, rows in self._owners.until(as_of):
            self.owner[punks] = rows[:, _OWNER].astype(np.int64)
            self.way[punks] = rows[:, _WAY].astype(np.int64)


class _Changes:
    """Rows of a keyed series in the order they happened, taken a piece at a time."""

    def __init__(self, series: KeyedSeries) -> None:
        self._keys, self._times, self._rows = series.keys, series.times, series.rows
        self._taken = 0

    def until(self, as_of: int) -> list[tuple[Ints, Ints, Floats]]:
        """What happened before `as_of` and was not taken yet: each punk once, with its last change."""
        end = int(np.searchsorted(self._times, as_of, side="left"))
        start, self._taken = self._taken, max(end, self._taken)
        if end <= start:
            return []
        keys, times, rows = self._keys[start:end], self._times[start:end], self._rows[start:end]
        if end - start > 1:
            # Assigning through repeated indices is not defined to keep the last one: leave only that.
            _, from_end = np.unique(keys[::-1], return_index=True)
            last = len(keys) - 1 - from_end
            keys, times, rows = keys[last], times[last], rows[last]
        return [(keys, times, rows)]

"""Floor and value index at the end of each day, from a timeline."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import exp, isfinite

import numpy as np

from shared.market.series_rows import LowestAsks
from shared.market.timeline import MarketTimeline
from shared.units import DAY_S, EPOCH, WEI_PER_ETH

GWEI = 10**9


@dataclass(frozen=True)
class MarketDay:
    """`floor_wei`: lowest public ask at the end of the day, None without one; `index_eth`: value of a common punk by
    the index, None before the first sale."""

    date: date
    floor_wei: int | None
    index_eth: float | None


def market_days(timeline: MarketTimeline, as_of: int, *, first: date | None = None) -> list[MarketDay]:
    """All days from `first` (None: the day of the first event) to the current day at `as_of` (UTC seconds).

    Days end at midnight UTC, the last one at `as_of`. Only events strictly before the end count. Floors are whole gwei.
    """
    if not len(timeline.events.times):
        return []
    begin = int(timeline.events.times[0]) // DAY_S if first is None else (first - EPOCH.date()).days
    starts = np.arange(begin * DAY_S, as_of, DAY_S, dtype=np.int64)
    if not len(starts):
        return []
    ends = np.minimum(starts + DAY_S, as_of)
    floors = timeline.lows.last_before(ends)[:, LowestAsks._fields.index("lowest")].tolist()
    levels = timeline.index.states.last_before(ends)[:, 0].tolist()
    return [
        MarketDay(
            date=datetime.fromtimestamp(start, UTC).date(),
            floor_wei=max(round(floor * (WEI_PER_ETH / GWEI)), 1) * GWEI if isfinite(floor) else None,
            index_eth=exp(level) if isfinite(level) else None,
        )
        for start, floor, level in zip(starts.tolist(), floors, levels, strict=True)
    ]

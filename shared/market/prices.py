"""Daily ETH/USD closes, each known after the end of its day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.market.series import Floats, Ints
from shared.units import DAY_S


@dataclass(frozen=True)
class DailyPrices:
    """ETH/USD closes; `days` are days since 1970 (UTC), ascending."""

    days: Ints
    closes: Floats

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> DailyPrices:
        """From the columns of `ETH_USD_SCHEMA`."""
        ordered = frame.sort("date")
        return cls(
            days=ordered["date"].cast(pl.Int32).to_numpy().astype(np.int64),
            closes=ordered["eth_usd"].to_numpy().astype(np.float64),
        )

    def known_at(self, as_of: Ints, *, days_before: int = 0) -> Floats:
        """The last close of a day that ended at or before `as_of - days_before`; NaN before the first close."""
        if not len(self.days):
            return np.full(len(as_of), np.nan)
        index = np.searchsorted(self.days, as_of // DAY_S - days_before, side="left") - 1
        return np.where(index >= 0, self.closes[np.maximum(index, 0)], np.nan)

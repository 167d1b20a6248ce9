"""Daily ETH/USD closes with their known-at rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.market.series import Floats, Ints
from shared.units import DAY_S


@dataclass(frozen=True)
class DailyPrices:
    """ETH/USD closes: `days` are days since 1970 (UTC), ascending; a close is known only after its day has ended."""

    days: Ints
    closes: Floats

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> DailyPrices:
        """From columns date, eth_usd."""
        ordered = frame.sort("date")
        return cls(
            days=ordered["date"].cast(pl.Int32).to_numpy().astype(np.int64),
            closes=ordered["eth_usd"].to_numpy().astype(np.float64),
        )

    def known_at(self, as_of: Ints, *, days_before: int = 0) -> Floats:
        """The last close of a day that ended at or before `as_of - days_before`; NaN before the first."""
        index = np.searchsorted(self.days, as_of // DAY_S - days_before, side="left") - 1
        return (
            np.where(index >= 0, self.closes[np.maximum(index, 0)], np.nan)
            if len(self.days)
            else np.full(len(as_of), np.nan)
        )

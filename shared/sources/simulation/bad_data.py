"""What can be wrong with a source's data, on purpose: to see that the platform refuses it or bears it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from shared.errors import InvalidInputError

DUPLICATES: Final = "duplicates"
"""Every 40th event is delivered twice in a row."""
OUT_OF_ORDER: Final = "out_of_order"
"""What is delivered at once begins with its last event."""
ZERO_PRICE_STORM: Final = "zero_price_storm"
"""Hundreds of punks are moved at the price 0 on the first day. Every rule for events is kept."""
MISSING_TRAITS: Final = "missing_traits"
"""Every 100th punk is missing from the table of punks."""
ETH_USD_GAP: Final = "eth_usd_gap"
"""Ten days have no close."""

KINDS: Final = (DUPLICATES, OUT_OF_ORDER, ZERO_PRICE_STORM, MISSING_TRAITS, ETH_USD_GAP)
_EVERY: Final = 40
_PUNKS_EVERY: Final = 100
_GAP: Final = timedelta(days=10)


class BadData:
    """The defects of one source. What happened before `since` is delivered in order; the punks never are.

    Raises:
        InvalidInputError: a kind that is not in `KINDS`.
    """

    def __init__(self, kinds: Collection[str], since: datetime) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise InvalidInputError(f"unknown bad_data {unknown[0]!r}; expected some of {', '.join(KINDS)}")
        self._kinds = frozenset(kinds)
        self._since = since

    @property
    def has_storm(self) -> bool:
        return ZERO_PRICE_STORM in self._kinds

    def events(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What is delivered instead of this part of the events."""
        late = frame.filter(pl.col("timestamp") >= self._since)
        early = frame.head(frame.height - late.height)
        if DUPLICATES in self._kinds:
            # By their place on chain, so that it does not matter how the events are fetched.
            twice = (pl.col("block") + pl.col("log_index")) % _EVERY == 0
            late = late.select(pl.all().repeat_by(pl.when(twice).then(2).otherwise(1)).explode())
        if OUT_OF_ORDER in self._kinds:
            late = pl.concat([late.tail(1), late.head(max(late.height - 1, 0))])
        return pl.concat([early, late])

    def punks(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(pl.col("punk_id") % _PUNKS_EVERY != 0) if MISSING_TRAITS in self._kinds else frame

    def eth_usd(self, frame: pl.DataFrame) -> pl.DataFrame:
        first = self._since.date()
        missing = pl.col("date").is_between(first, first + _GAP, closed="left")
        return frame.filter(~missing) if ETH_USD_GAP in self._kinds else frame

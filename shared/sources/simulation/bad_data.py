"""Deliberate defects of a source's data, which the platform must refuse or tolerate."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from shared.errors import InvalidInputError

DUPLICATES: Final = "duplicates"
"""Every 40th event is delivered twice in a row."""
OUT_OF_ORDER: Final = "out_of_order"
"""Each delivery begins with its last event."""
ZERO_PRICE_STORM: Final = "zero_price_storm"
"""Hundreds of punks are sold for 0 wei on the first day. The events break no rule."""
MISSING_TRAITS: Final = "missing_traits"
"""Every 100th punk is missing from the table of punks."""
ETH_USD_GAP: Final = "eth_usd_gap"
"""Ten days have no close."""

KINDS: Final = (DUPLICATES, OUT_OF_ORDER, ZERO_PRICE_STORM, MISSING_TRAITS, ETH_USD_GAP)
_EVERY: Final = 40
_PUNKS_EVERY: Final = 100
_GAP: Final = timedelta(days=10)


class BadData:
    """The defects of one source. Events before `since` have none; the table of punks has them from the beginning.

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
        """The events with the defects."""
        late = frame.filter(pl.col("timestamp") >= self._since)
        early = frame.head(frame.height - late.height)
        if DUPLICATES in self._kinds:
            # Chosen by position on the chain, so that the size of a fetch does not matter.
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

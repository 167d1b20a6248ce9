"""A market in memory, the base of event files and the simulated market."""

from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.events import contract_key, contract_keys
from shared.units import EPOCH


class RecordedMarket:
    """Validated events with reference data. New events cost two binary searches."""

    def __init__(self, events: pl.DataFrame, punks: pl.DataFrame, eth_usd: pl.DataFrame) -> None:
        self.events = events
        self.punks = punks
        self.eth_usd = eth_usd

    @cached_property
    def _keys(self) -> npt.NDArray[np.int64]:
        return contract_keys(self.events).to_numpy()

    @cached_property
    def _times(self) -> npt.NDArray[np.int64]:
        return self.events["timestamp"].to_physical().to_numpy()

    def slice(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        """Events strictly after `(block, log_index)`, up to and including the instant `until`."""
        start = self._start(after)
        # Whole microseconds: a float cannot hold those of a current time.
        end = int(np.searchsorted(self._times, _microseconds(until), side="right"))
        return self.events.slice(start, max(end - start, 0))

    def next_time(self, after: tuple[int, int] | None) -> datetime | None:
        """Time of the first event strictly after `(block, log_index)`; None without one."""
        start = self._start(after)
        if start == self.events.height:
            return None
        instant: datetime = self.events["timestamp"][start]
        return instant

    def closes(self, until: date) -> pl.DataFrame:
        """Closes of the days up to and including `until`."""
        return self.eth_usd.filter(pl.col("date") <= until)

    def _start(self, after: tuple[int, int] | None) -> int:
        return 0 if after is None else int(np.searchsorted(self._keys, contract_key(*after), side="right"))


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)

"""The market of the window: the features of every sale, and whole snapshots at the refits."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from lab.policy_replay.faults import STALE
from shared.errors import InvalidInputError
from shared.evaluation.arrays import Floats, Ints, Mask
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.valuation.inputs import (
    evaluation_snapshot,
    holdout_cutoff,
    nowcast_snapshot,
    seen_earlier,
    training_snapshot,
)
from shared.valuation.snapshot import Snapshot


@dataclass(frozen=True)
class Window:
    """From the first refit to the end, with a refit every `refit_every`."""

    start: datetime
    end: datetime
    refit_every: timedelta

    def refits(self) -> tuple[datetime, ...]:
        count = -((self.start - self.end) // self.refit_every)
        return tuple(self.start + number * self.refit_every for number in range(count))


class History:
    """Everything that policies and models may read, each as of its own instant.

    `frame` has one row a valid sale, in time order, from the first hold-out to the end of the window.

    Raises:
        InvalidInputError: there is nothing to learn from before the window, or no sale in it.
    """

    def __init__(self, timeline: MarketTimeline, prices: DailyPrices, window: Window, *, holdout_sales: int) -> None:
        self._timeline = timeline
        self._prices = prices
        self.window = window
        self.refits = window.refits()
        self.cutoffs = tuple(holdout_cutoff(timeline, at, holdout_sales) for at in self.refits)
        if self.cutoffs[0] >= window.start:
            raise InvalidInputError(f"there are no sales before {window.start:%Y-%m-%d} to learn from and be judged on")
        whole = evaluation_snapshot(timeline, prices, self.cutoffs[0], window.end).frame
        priced = pl.col("floor_eth").is_finite() & (pl.col("floor_eth") > 0)
        self.frame = whole.filter(priced).sort("sale_time", "event_seq")
        self._learnt = training_snapshot(timeline, prices, self.cutoffs[-1])
        self._snapshots: dict[datetime, pl.DataFrame] = {}
        if not np.any(self.time >= window.start.timestamp()):
            raise InvalidInputError(f"there are no sales from {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}")

    def training(self, refit: int) -> Snapshot:
        """The training data of the refit: every sale before its cut-off, as the trainer would have seen it then."""
        cutoff = self.cutoffs[refit]
        return replace(self._learnt, as_of=cutoff, frame=self._learnt.frame.filter(pl.col("sale_time") < cutoff))

    def holdout(self, refit: int) -> Mask:
        """The rows of `frame` that the refit is judged on."""
        return (self.time >= self.cutoffs[refit].timestamp()) & (self.time < self.refits[refit].timestamp())

    def snapshot(self, at: datetime) -> pl.DataFrame:
        """All 10,000 punks as of an instant."""
        if at not in self._snapshots:
            self._snapshots[at] = nowcast_snapshot(self._timeline, self._prices, at).frame
        return self._snapshots[at]

    @cached_property
    def stale_frame(self) -> pl.DataFrame:
        """`frame` with every feature and the floor as they were `STALE` before."""
        return seen_earlier(self._timeline, self._prices, self.frame, STALE)

    @cached_property
    def time(self) -> Ints:
        """UTC seconds of each sale."""
        return self.frame["sale_time"].dt.epoch("s").to_numpy().astype(np.int64)

    @cached_property
    def price(self) -> Floats:
        return self.column("price_eth")

    def column(self, name: str) -> Floats:
        return self.frame[name].to_numpy().astype(np.float64)

    def transactions(self) -> list[tuple[datetime, Ints]]:
        """The transactions of the window in time order: the instant, and the rows of `frame`."""
        rows: dict[str, list[int]] = {}
        hashes = self.frame["tx_hash"].to_list()
        for row in np.flatnonzero(self.time >= self.window.start.timestamp()).tolist():
            rows.setdefault(hashes[row], []).append(row)
        return [
            (datetime.fromtimestamp(int(self.time[own[0]]), UTC), np.array(own, dtype=np.int64))
            for own in rows.values()
        ]

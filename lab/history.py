"""Event files as the valuation reads them: a timeline in memory, without a database."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl

from lab.window import Window
from shared.errors import InvalidInputError, NotFoundError
from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.sources.event_files import read_event_files
from shared.sources.market_files import ETH_USD_FILE
from shared.units import as_seconds
from shared.valuation.params import Params
from shared.valuation.walk_forward import SaleHistory


@dataclass(frozen=True)
class History:
    """Everything that happened before some instant. `files` has the SHA-256 of each file by its name."""

    timeline: MarketTimeline
    prices: DailyPrices
    files: dict[str, str]

    def require_sales(self, window: Window) -> None:
        """Check the window before a model is fitted.

        Raises:
            NotFoundError: nothing in the window can be scored.
        """
        first, until = as_seconds(window.start), as_seconds(window.end)
        if not any(first <= sale.time < until for sale in self.timeline.counted):
            raise NotFoundError(f"there is no valid sale from {window.first} to {window.last}; choose a longer window")

    def sales(self, window: Window, horizons: tuple[timedelta, ...], params: Params) -> SaleHistory:
        """The features of all sales that walks within the window need; this takes a while."""
        return SaleHistory.of(
            self.timeline, self.prices, first=window.start, until=window.end, horizons=horizons, params=params
        )


def read_history(folder: Path, window: Window) -> History:
    """Fold the events of a folder from before the window's end.

    Raises:
        InvalidInputError: a file is missing or breaks a rule, or the window is not within the events.
    """
    files = read_event_files(folder)
    if files.eth_usd is None:
        raise InvalidInputError(f"{folder / ETH_USD_FILE}: is missing; put it next to the events")
    _require_within(files.events, window, folder)
    events = files.events.filter(pl.col("timestamp") < window.end)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(events.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64)))
    return History(timeline, DailyPrices.from_frame(files.eth_usd), _hashes(files.paths))


def _require_within(events: pl.DataFrame, window: Window, folder: Path) -> None:
    if events.is_empty():
        raise InvalidInputError(f"{folder}: holds no events")
    begin, end = events["timestamp"][0].date(), events["timestamp"][-1].date()
    # A window may end after the last event.
    if not begin <= window.first <= end:
        raise InvalidInputError(f"--from {window.first} is not within the events of {folder}, from {begin} to {end}")


def _hashes(paths: Iterable[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}

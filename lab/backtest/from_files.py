"""Books of sales from a file of predictions and the events behind them, without a database.

`punkcast evaluate` values a punk when it is sold, not all punks at all times: there are no whole nowcasts to decide
on, so the executable book and its random twin are not played. A replay's database has them.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from shared.backtest.player import Player
from shared.backtest.result import BacktestResult, result_of
from shared.backtest.tape import Close, Day, Happening, SaleFacts, Valued
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError, NotFoundError
from shared.evaluation import predictions as forward
from shared.market.event_types import SALE
from shared.market.series_rows import LowestAsks
from shared.market.timeline import MarketTimeline, seconds
from shared.market.traits import Traits
from shared.market.valid_sales import Sale
from shared.sources.event_files import PUNKS_FILE, read_event_files
from shared.units import DAY_S, ETH

GWEI_PER_ETH = 10**9


def play_files(predictions: Path, events: Path, terms: Terms) -> BacktestResult:
    """Seed style, buy-all and floor index over the days of the predictions, at their shortest horizon.

    Raises:
        InvalidInputError: a file cannot be read or breaks a rule. IntegrityError: a prediction is not of before its
            sale. NotFoundError: none of the predicted sales is among the events.
    """
    valued = _values(predictions)
    files = read_event_files(events)
    if files.punks is None:
        raise InvalidInputError(f"{events}: {PUNKS_FILE} is missing beside the events")
    frame = files.events.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    sales = {sale.event_seq: sale for sale in timeline.apply(frame)}
    known = [sale.time for sale in sales.values() if (sale.tx_hash, sale.log_index) in valued]
    if not known:
        raise NotFoundError(f"none of the sales of {predictions} is among the events of {events}")
    first, last = min(known) // DAY_S, max(known) // DAY_S
    by_day: dict[int, list[Happening]] = defaultdict(list)
    for event in _happenings(frame, sales, valued):
        by_day[event.time // DAY_S].append(event)
    player = Player(terms, executable=False)
    player.warm_up(event for day in sorted(by_day) if day < first for event in by_day[day])
    floors = timeline.lows.last_before(np.arange(first + 1, last + 2) * DAY_S)[:, LowestAsks._fields.index("lowest")]
    for number in range(first, last + 1):
        floor = float(floors[number - first])
        close = Close(_wei(floor), {}) if floor > 0 else None
        player.play(Day(number, by_day.get(number, []), [], close))
    result = result_of(player)
    if result is None:
        raise NotFoundError(f"{events}: no public ask on any of the days; there is nothing to mark by")
    return result


def _values(path: Path) -> dict[tuple[str, int], Valued]:
    """The value before each sale, by its place."""
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InvalidInputError(f"--predictions {path}: cannot be read as Parquet ({error})") from error
    forward.check(frame)
    shortest = forward.horizons(frame)[0] if frame.height else ""
    rows = frame.filter(pl.col("horizon") == shortest).select("tx_hash", "log_index", "value_eth", "as_of")
    return {
        (tx_hash, log_index): Valued(_wei(value), int(as_of.timestamp()), None)
        for tx_hash, log_index, value, as_of in rows.iter_rows()
    }


def _happenings(frame: pl.DataFrame, sales: dict[int, Sale], valued: dict[tuple[str, int], Valued]) -> list[Happening]:
    columns = frame.select(
        "seq",
        "punk_id",
        pl.col("event_type").alias("kind"),
        "price_wei",
        "from_address",
        "to_address",
        "sale_kind",
        "tx_hash",
        "log_index",
    )
    found = []
    for row, at in zip(columns.iter_rows(named=True), seconds(frame["timestamp"]).tolist(), strict=True):
        facts = None
        if row["kind"] == SALE:
            place = (row["tx_hash"], row["log_index"])
            facts = SaleFacts(row["sale_kind"], sales[row["seq"]].excluded is None, valued.get(place))
        found.append(
            Happening(
                seq=row["seq"],
                time=at,
                known=at,
                punk=row["punk_id"],
                kind=row["kind"],
                price_wei=int(row["price_wei"] or 0),
                ref=f"{row['tx_hash']}:{row['log_index']}",
                sender=row["from_address"],
                receiver=row["to_address"],
                sale=facts,
            )
        )
    return found


def _wei(eth: float) -> int:
    return round(eth * GWEI_PER_ETH) * (ETH // GWEI_PER_ETH)

"""Books of sales from a file of predictions and the events behind them, without a database.

`punkcast evaluate` values only the punk of each sale. Without whole nowcasts, the executable book and its random
twin cannot decide, so they are left out. The database of a replay has whole nowcasts.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from shared.backtest.feed import Close, Day, MarketEvent, SaleFacts, Valued
from shared.backtest.result import BacktestResult, result_of
from shared.backtest.simulation import Simulation
from shared.backtest.terms import Terms
from shared.errors import InvalidInputError, NotFoundError
from shared.evaluation import predictions as forward
from shared.market.event_types import SALE
from shared.market.series_rows import LowestAsks
from shared.market.timeline import MarketTimeline, seconds
from shared.market.traits import Traits
from shared.market.valid_sales import Sale
from shared.sources.event_files import read_event_files
from shared.units import DAY_S, eth_in_wei

REF = pl.format("{}:{}", "tx_hash", "log_index").alias("ref")


def play_files(predictions: Path, events: Path, terms: Terms) -> BacktestResult:
    """Seed style, buy-all and floor index over the days of the predictions, at their shortest horizon.

    Raises:
        InvalidInputError: a file cannot be read or breaks a rule. IntegrityError: a prediction is not of before its
            sale. NotFoundError: none of the predicted sales is among the events.
    """
    valued = _values(predictions)
    files = read_event_files(events)
    frame = files.events.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64))
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    sales = {sale.event_seq: sale for sale in timeline.apply(frame)}
    times = [sale.time for sale in sales.values() if f"{sale.tx_hash}:{sale.log_index}" in valued]
    if not times:
        raise NotFoundError(f"none of the sales of {predictions} is among the events of {events}")
    first, last = min(times) // DAY_S, max(times) // DAY_S
    by_day: dict[int, list[MarketEvent]] = defaultdict(list)
    for event in _events(frame, sales, valued):
        by_day[event.time // DAY_S].append(event)
    simulation = Simulation(terms, executable=False)
    simulation.warm_up(event for day in sorted(by_day) if day < first for event in by_day[day])
    floors = timeline.lows.last_before(np.arange(first + 1, last + 2) * DAY_S)[:, LowestAsks._fields.index("lowest")]
    for number in range(first, last + 1):
        floor = float(floors[number - first])
        close = Close(eth_in_wei(floor), {}) if floor > 0 else None
        simulation.run_day(Day(number, by_day.get(number, []), [], close))
    result = result_of(simulation)
    if result is None:
        raise NotFoundError(f"{events}: no public ask on any of the days; there is nothing to mark by")
    return result


def _values(path: Path) -> dict[str, Valued]:
    """The value before each sale, by the sale's transaction hash and log index."""
    try:
        frame = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InvalidInputError(f"--predictions {path}: cannot be read as Parquet ({error})") from error
    forward.check(frame)
    shortest = forward.horizons(frame)[0] if frame.height else ""
    rows = frame.filter(pl.col("horizon") == shortest).select(REF, "value_eth", "as_of")
    return {ref: Valued(eth_in_wei(value), int(as_of.timestamp()), None) for ref, value, as_of in rows.iter_rows()}


def _events(frame: pl.DataFrame, sales: dict[int, Sale], valued: dict[str, Valued]) -> list[MarketEvent]:
    rows = frame.select("seq", REF, punk="punk_id", kind="event_type", sender="from_address", receiver="to_address")
    columns = (frame["price_wei"], frame["sale_kind"], seconds(frame["timestamp"]).tolist())
    events = []
    for row, price, sale_kind, at in zip(rows.iter_rows(named=True), *columns, strict=True):
        sale = None
        if row["kind"] == SALE:
            sale = SaleFacts(sale_kind, sales[row["seq"]].excluded is None, valued.get(row["ref"]))
        events.append(MarketEvent(**row, time=at, known=at, price_wei=int(price or 0), sale=sale))
    return events

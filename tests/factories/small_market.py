"""The small made-up market whole: its events, where services get them from, and models that learnt from it."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl

from shared.market.chain import FILES
from shared.market.prices import DailyPrices
from shared.market.reference_data import validate_punks
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.sources.recorded import RecordedMarket
from shared.valuation import training
from shared.valuation.calibration.intervals import Calibration
from shared.valuation.inputs import (
    evaluation_snapshot,
    holdout_cutoff,
    later_sales,
    nowcast_snapshot,
    training_snapshot,
)
from shared.valuation.model import ValuationModel
from shared.valuation.params import Params
from shared.valuation.snapshot import Snapshot
from tests.factories import market

EVENTS = market.events_frame(5, count=4_000)
"""Numbered as an empty database will number them."""
PUNKS = validate_punks(market.punks_frame(), "made-up punks")
END = datetime.fromtimestamp(market.START + 4_000 * market.STEP_S, UTC)
"""Half an hour after the last event."""
HOLDOUT = 240


def closes() -> pl.DataFrame:
    """A close for every day there are events, and for two months before."""
    first = datetime.fromtimestamp(market.START, UTC).date() - timedelta(days=60)
    days = [first + timedelta(days=day) for day in range(160)]
    return pl.DataFrame({"date": days, "eth_usd": 400.0 + 5.0 * np.sin(np.arange(len(days)) / 3.0)})


def sales() -> pl.DataFrame:
    """The sale events, in contract order."""
    return EVENTS.filter(pl.col("event_type") == "sale")


def later(*rows: dict[str, object], after: pl.DataFrame) -> pl.DataFrame:
    """`after` and these events behind it, half an hour apart; what a row does not say is made up."""
    block, instant = int(after["block"][-1]), after["timestamp"][-1]
    made = [
        {
            "timestamp": instant + timedelta(minutes=30 * number),
            "block": block + number,
            "tx_index": 0,
            "log_index": 0,
            "punk_id": 1,
            "price_wei": None,
            "from_address": f"0x{1:040x}",
            "to_address": None,
            "sale_kind": "buy" if row["event_type"] == "sale" else None,
            "tx_hash": f"0x{block + number:064x}",
        }
        | row
        for number, row in enumerate(rows, start=1)
    ]
    return pl.concat([after, pl.DataFrame(made, schema=after.schema)])


class Source:
    """A market source over a frame; `closes_until` makes it late with the daily closes."""

    origin = FILES

    def __init__(self, events: pl.DataFrame = EVENTS) -> None:
        self._market = RecordedMarket(events.drop("seq", strict=False), PUNKS, closes())
        self.closes_until: date | None = None

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        return self._market.slice(after, until)

    async def punks(self) -> pl.DataFrame:
        return self._market.punks

    async def eth_usd(self, until: date) -> pl.DataFrame:
        return self._market.closes(min(until, self.closes_until or until))

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        return self._market.next_time(after)


@cache
def timeline() -> MarketTimeline:
    return market.timeline(EVENTS, Traits.from_frame(PUNKS))


@cache
def prices() -> DailyPrices:
    return DailyPrices.from_frame(closes())


@cache
def inputs(until: datetime = END) -> tuple[Snapshot, Snapshot]:
    """What a trainer at `until` learns from and is judged on."""
    cutoff = holdout_cutoff(timeline(), until, HOLDOUT)
    learn = training_snapshot(timeline(), prices(), cutoff)
    return learn, evaluation_snapshot(timeline(), prices(), cutoff, until)


@cache
def nowcast(instant: datetime = END) -> Snapshot:
    """All punks as of the instant."""
    return nowcast_snapshot(timeline(), prices(), instant)


def quick(params: Params | None = None) -> Params:
    """All learners, each as small as will do where only the way of their values is looked at."""
    params = params or Params.load()
    return params.model_copy(
        update={
            "trees": params.trees.model_copy(update={"rounds": 20}),
            "network": params.network.model_copy(update={"min_sales": 1, "hidden": 16, "epochs": 4, "batch": 128}),
        }
    )


@cache
def model(seed: int = 7) -> ValuationModel:
    """A quick model with all learners."""
    learn, _ = inputs()
    return training.fit(learn, threads=1, seed=seed, params=quick())


def calibration(
    one: ValuationModel, instant: datetime | None = None, folded: MarketTimeline | None = None
) -> Calibration:
    """What a nowcast by this model as of an instant is calibrated by; without one, that of its fit."""
    if instant is None:
        return one.calibrator().at(one.data_cutoff)
    sales = later_sales(folded or timeline(), prices(), data_cutoff=one.data_cutoff, instant=instant)
    return one.calibrator(sales).at(instant)

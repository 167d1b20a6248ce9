"""An account from event files alone, without a database: of any model, or of one fitted there and then."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from services.cli.explain.account import Account, Origin, Previous, explain, from_file, require_market
from shared.errors import InvalidInputError
from shared.market.event_files import PUNKS_FILE, read_event_files
from shared.market.prices import DailyPrices
from shared.market.reference_data import ETH_USD_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.messaging.ticks import JOBS
from shared.runtime import lineage
from shared.valuation.inputs import nowcast_snapshot, training_snapshot
from shared.valuation.training import fit

NOWCASTS_APART: timedelta = JOBS["nowcast"].every


def account_from_files(folder: Path, punk: int, as_of: datetime | None, *, model: Path | None, threads: int) -> Account:
    """As of the instant; None stands for just after the last event. Without a model file one is fitted on the sales
    before the instant.

    Raises:
        InvalidInputError: a file breaks a rule, or there are no punks beside the events.
        NotFoundError: nothing had happened by then. TooFewSalesError: too few sales to fit on.
    """
    files = read_event_files(folder)
    if files.punks is None:
        raise InvalidInputError(f"{folder}: {PUNKS_FILE} is missing beside the events; values need the traits")
    events = files.events
    first = require_market(events["timestamp"][0] if events.height else None, as_of, str(folder))
    as_of = as_of or events["timestamp"][-1] + timedelta(seconds=1)
    known = events.filter(pl.col("timestamp") < as_of)
    timeline = MarketTimeline(Traits.from_frame(files.punks))
    timeline.apply(known.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64)))
    prices = DailyPrices.from_frame(pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd)
    if model is not None:
        valuing, origin = from_file(model, threads)
    else:
        learn, here = training_snapshot(timeline, prices, as_of), lineage.current()
        valuing = fit(learn, data_cutoff=as_of, threads=threads)
        origin = Origin(valuing.model_id, as_of, here.git_sha, here.git_dirty, here.environment_hash, learn.snapshot_id)
    (snapshot, calibration), *earlier = (
        (nowcast_snapshot(timeline, prices, instant), valuing.calibration_at(timeline, prices, instant))
        for instant in (as_of, as_of - NOWCASTS_APART)
        if instant > first
    )
    before = (*earlier[0], Previous(as_of - NOWCASTS_APART)) if earlier else None
    return explain(valuing, origin, snapshot, timeline, punk, calibration=calibration, before=before)

"""An account from event files alone, without a database: of any model, or of one fitted there and then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from services.cli.explain.account import Account, Origin, Previous, Reproduction, explain, from_file, require_market
from shared.errors import InvalidInputError
from shared.market.event_files import PUNKS_FILE, read_event_files
from shared.market.prices import DailyPrices
from shared.market.reference_data import ETH_USD_SCHEMA
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.messaging.ticks import JOBS
from shared.runtime import lineage
from shared.valuation.inputs import nowcast_snapshot, training_snapshot
from shared.valuation.model import ValuationModel
from shared.valuation.training import fit

NOWCASTS_APART: timedelta = JOBS["nowcast"].every


@dataclass(frozen=True)
class FromFiles:
    """Event files, and the model file; without one a model is fitted on the sales before the instant."""

    events: Path
    model: Path | None
    threads: int

    def account(self, punk: int, as_of: datetime | None) -> Account:
        """As of the instant; None stands for just after the last event.

        Raises:
            InvalidInputError: a file breaks a rule, or there are no punks beside the events.
            NotFoundError: nothing had happened by then. TooFewSalesError: too few sales to fit on.
        """
        files = read_event_files(self.events)
        if files.punks is None:
            raise InvalidInputError(f"{self.events}: {PUNKS_FILE} is missing beside the events; values need the traits")
        events = files.events
        first = events["timestamp"][0] if events.height else None
        require_market(first, as_of, str(self.events))
        as_of = as_of or events["timestamp"][-1] + timedelta(seconds=1)
        known = events.filter(pl.col("timestamp") < as_of)
        timeline = MarketTimeline(Traits.from_frame(files.punks))
        timeline.apply(known.with_row_index("seq", offset=1).with_columns(pl.col("seq").cast(pl.Int64)))
        closes = pl.DataFrame(schema=ETH_USD_SCHEMA) if files.eth_usd is None else files.eth_usd
        prices = DailyPrices.from_frame(closes)
        model, origin = self._model(timeline, prices, as_of)
        snapshot = nowcast_snapshot(timeline, prices, as_of)
        before = as_of - NOWCASTS_APART
        earlier = None
        if before > events["timestamp"][0]:
            earlier = (
                nowcast_snapshot(timeline, prices, before),
                model.calibration_at(timeline, prices, before),
            )
        calibration = model.calibration_at(timeline, prices, as_of)
        told = explain(model, snapshot, timeline, punk, calibration=calibration, before=earlier)
        return Account(
            explanation=told,
            origin=origin,
            reproduction=Reproduction(snapshot.snapshot_id, told.value_wei),
            previous=None if told.changes is None else Previous(before),
        )

    def _model(self, timeline: MarketTimeline, prices: DailyPrices, as_of: datetime) -> tuple[ValuationModel, Origin]:
        if self.model is not None:
            return from_file(self.model, self.threads)
        learn = training_snapshot(timeline, prices, as_of)
        model, here = fit(learn, data_cutoff=as_of, threads=self.threads), lineage.current()
        return model, Origin(
            model.model_id, as_of, here.git_sha, here.git_dirty, here.environment_hash, learn.snapshot_id
        )

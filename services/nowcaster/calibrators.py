"""The calibrators of the models that value, kept while what they rest on stays the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from weakref import ref

import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.registry.models import ModelRecord
from shared.valuation.calibration import Calibrator, day_of
from shared.valuation.inputs import known_sales, later_sales
from shared.valuation.model import ValuationModel


class Calibrators:
    """Calibrators by model id, of one day and one state of the market."""

    def __init__(self, *basis: object) -> None:
        self._basis = basis
        self._sales: dict[str, pl.DataFrame] = {}
        self._made: dict[str, Calibrator] = {}

    def at(
        self, records: Iterable[ModelRecord], timeline: MarketTimeline, prices: DailyPrices, as_of: datetime
    ) -> Calibrators:
        """The calibrators as of an instant: these, if nothing moved. The caller keeps the timeline still."""
        day = day_of(as_of)
        # A sale or close may come late; a reorganisation makes a new timeline.
        basis = (day, ref(timeline), known_sales(timeline, day), len(prices.days))
        found = self if basis == self._basis else Calibrators(*basis)
        for record in records:
            if record.model_id not in found._sales:
                sales = later_sales(timeline, prices, data_cutoff=record.data_cutoff, instant=as_of)
                found._sales[record.model_id] = sales
        return found

    def of(self, model_id: str, model: ValuationModel) -> Calibrator:
        """The calibrator of a model whose record `at` was given."""
        if model_id not in self._made:
            self._made[model_id] = model.calibrator(self._sales[model_id])
        return self._made[model_id]

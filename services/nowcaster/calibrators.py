"""The calibrators of the models that value, kept while what they rest on stays the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from weakref import ReferenceType, ref

import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.registry.models import ModelRecord
from shared.valuation.calibration import Calibrator, day_of
from shared.valuation.inputs import known_sales, later_sales
from shared.valuation.model import ValuationModel


@dataclass(frozen=True)
class _Basis:
    """What calibrations of a day rest on. A sale or close may come late; a reorganisation makes a new timeline."""

    day: datetime
    timeline: ReferenceType[MarketTimeline]
    sales: int
    closes: int


@dataclass(frozen=True)
class Look:
    """At one state of the market: the later sales of each model (by id) that has no calibrator yet."""

    basis: _Basis
    sales: dict[str, pl.DataFrame]


class Calibrators:
    """Calibrators by model id."""

    def __init__(self) -> None:
        self._basis: _Basis | None = None
        self._kept: dict[str, Calibrator] = {}

    def look(
        self, records: Iterable[ModelRecord], timeline: MarketTimeline, prices: DailyPrices, as_of: datetime
    ) -> Look:
        """Read what is missing as of an instant; the caller keeps the timeline still."""
        day = day_of(as_of)
        basis = _Basis(day, ref(timeline), known_sales(timeline, day), len(prices.days))
        if basis != self._basis:
            self._basis, self._kept = basis, {}
        return Look(
            basis,
            {
                record.model_id: later_sales(timeline, prices, data_cutoff=record.data_cutoff, instant=as_of)
                for record in records
                if record.model_id not in self._kept
            },
        )

    def of(self, model_id: str, model: ValuationModel, look: Look) -> Calibrator:
        """The model's calibrator at the state that was looked at."""
        if model_id not in look.sales:
            return self._kept[model_id]
        made = model.calibrator(look.sales[model_id])
        if look.basis == self._basis:
            self._kept[model_id] = made
        return made

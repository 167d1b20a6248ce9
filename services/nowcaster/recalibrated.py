"""The calibration of the day of each model that values, made once a day and when what it rests on has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from weakref import ReferenceType, ref

import polars as pl

from shared.market.prices import DailyPrices
from shared.market.timeline import MarketTimeline
from shared.registry.models import ModelRecord
from shared.valuation.conformal import Calibration
from shared.valuation.inputs import known_sales
from shared.valuation.model import ValuationModel
from shared.valuation.recalibration import calibration_as_of, day_of, later_sales, own_errors


@dataclass(frozen=True)
class _Basis:
    """What calibrations of a day rest on. A sale or close may come late, and a reorganisation makes a new timeline."""

    day: datetime
    timeline: ReferenceType[MarketTimeline]
    sales: int
    closes: int


@dataclass(frozen=True)
class CalibratedOn:
    """At one state of the market, by model id: the calibration kept, or the sales to make it from."""

    basis: _Basis
    found: dict[str, Calibration | pl.DataFrame]


class Recalibrated:
    """Keeps each model's calibration while its basis is the same. Features of sales are kept by `SaleFeatures`."""

    def __init__(self) -> None:
        self._basis: _Basis | None = None
        self._kept: dict[str, Calibration] = {}

    def look(
        self, records: Iterable[ModelRecord], timeline: MarketTimeline, prices: DailyPrices, as_of: datetime
    ) -> CalibratedOn:
        """What these models' calibrations as of an instant come from; whoever calls keeps the timeline still."""
        day = day_of(as_of)
        basis = _Basis(day, ref(timeline), known_sales(timeline, day), len(prices.days))
        if basis != self._basis:
            self._basis, self._kept = basis, {}
        found: dict[str, Calibration | pl.DataFrame] = {}
        for record in records:
            found[record.model_id] = (
                self._kept[record.model_id]
                if record.model_id in self._kept
                else later_sales(timeline, prices, data_cutoff=record.data_cutoff, instant=as_of)
            )
        return CalibratedOn(basis, found)

    def of(self, model_id: str, model: ValuationModel, looked: CalibratedOn) -> Calibration:
        """The model's calibration at the state that was looked at."""
        found = looked.found[model_id]
        if isinstance(found, Calibration):
            return found
        made = calibration_as_of(model, own_errors(model, found), looked.basis.day)
        if looked.basis == self._basis:
            self._kept[model_id] = made
        return made

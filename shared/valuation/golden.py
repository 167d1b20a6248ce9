"""Golden rows: what a model said where it was trained, to be said again wherever it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.valuation.model import ValuationModel

ROWS = 16
"""How many rows of the hold-out are kept with the model."""


@dataclass(frozen=True)
class Comparison:
    """Largest relative difference over `rows` golden rows; None when a row or its value is missing."""

    difference: float | None
    rows: int


def record(model: ValuationModel, holdout: pl.DataFrame) -> dict[str, list[float]]:
    """Values (ETH) of the first rows of the hold-out that have a floor, by the sale's event number."""
    chosen = holdout.filter(pl.col("floor_eth").is_finite()).head(ROWS)
    return {
        "event_seq": chosen["event_seq"].to_list(),
        "value_eth": model.predict(chosen).value_eth.tolist() if chosen.height else [],
    }


def compare(model: ValuationModel, holdout: pl.DataFrame, recorded: object) -> Comparison:
    """Value the golden rows again, here, and compare with what `record` wrote into the model's report."""
    if not isinstance(recorded, Mapping) or not recorded.get("event_seq"):
        return Comparison(None, 0)
    expected = pl.DataFrame({"event_seq": recorded["event_seq"], "golden_eth": recorded.get("value_eth")}, strict=False)
    rows = holdout.join(expected, on="event_seq", how="inner")
    if rows.height != expected.height or expected["golden_eth"].null_count():
        return Comparison(None, rows.height)
    golden = rows["golden_eth"].to_numpy().astype(np.float64)
    difference = np.max(np.abs(model.predict(rows).value_eth - golden) / golden)
    return Comparison(float(difference), rows.height)

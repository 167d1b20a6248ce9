"""What a group of features is worth: the same walk without it, compared on the same sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from shared.errors import IntegrityError
from shared.evaluation.paired import DayBootstrap, Estimate, loss
from shared.evaluation.predictions import KEY, check, horizons, scored
from shared.evaluation.report import BOOTSTRAP


@dataclass(frozen=True)
class Change:
    """What leaving something out does at one horizon: above zero, the values are worse without it.

    Attributes:
        log_error: change of the mean of |ln(price / value)|.
        median_ape: change of the median APE (fraction of the sale price).
    """

    horizon: str
    log_error: Estimate
    median_ape: Estimate

    @property
    def earns_its_place(self) -> bool:
        """Proven: leaving it out makes one of the measures worse, by the whole of its interval."""
        return self.log_error.lo > 0 or self.median_ape.lo > 0


def changes(full: pl.DataFrame, without: pl.DataFrame, *, bootstrap: DayBootstrap = BOOTSTRAP) -> list[Change]:
    """Per horizon, the shortest first, what changes from the predictions `full` to those `without` something.

    Raises:
        IntegrityError: a frame breaks an assertion of the split, or they are not of the same sales.
    """
    for frame in (full, without):
        check(frame)
    keys = [*KEY, "price_eth", "as_of"]
    if not full.select(keys).sort(keys).equals(without.select(keys).sort(keys)):
        raise IntegrityError("an ablation compares values of the same sales at the same instants only")
    return [_change(full, without, horizon, bootstrap) for horizon in horizons(full)]


def _change(full: pl.DataFrame, without: pl.DataFrame, horizon: str, bootstrap: DayBootstrap) -> Change:
    before, after = scored(full, horizon), scored(without, horizon)
    price, day = before.price, before.day
    return Change(
        horizon=horizon,
        log_error=bootstrap.mean(loss(price, after.value) - loss(price, before.value), day),
        median_ape=bootstrap.median_difference(
            np.abs(after.value / price - 1.0), np.abs(before.value / price - 1.0), day
        ),
    )

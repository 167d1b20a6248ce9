"""Errors of values on sales that their model had not seen: the basis of intervals and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from shared.market.series import Floats, Ints
from shared.valuation.file_fields import Numbers, PositiveNumbers, Times


@dataclass(frozen=True)
class Residuals:
    """Errors of values on sales that their model had not seen, shape (n,).

    ln(price / value), the predicted premium, and the time of the sale (UTC seconds).
    """

    error: Numbers
    premium: PositiveNumbers
    time: Times

    def __post_init__(self) -> None:
        if not len(self.error) == len(self.premium) == len(self.time):
            raise ValueError(f"{len(self.error)} errors with {len(self.premium)} premia and {len(self.time)} times")

    def __len__(self) -> int:
        return len(self.error)

    @property
    def day(self) -> Ints:
        """UTC days from 1970-01-01 to each sale, shape (n,)."""
        return self.time // 86_400  # a literal: a changed constant must not change a model file

    def age_days(self, instant: float) -> Floats:
        """Days from each sale to an instant (UTC seconds), shape (n,); negative for later sales."""
        return (instant - self.time.astype(np.float64)) / 86_400.0

    @classmethod
    def of(cls, rows: pl.DataFrame, predicted: Floats) -> Residuals:
        """Errors of uncorrected predictions of ln(price / floor) on rows of sales."""
        log_ratio = np.log(rows["price_eth"].to_numpy() / rows["floor_eth"].to_numpy())
        return cls(log_ratio - predicted, np.exp(predicted), rows["sale_time"].dt.epoch("s").to_numpy())

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("error", "premium", "time")))

    def rounded(self) -> Residuals:
        """Rounded to a millionth, far below any interval, because the last digits depend on the platform."""
        return Residuals(np.round(self.error, 6), np.round(self.premium, 6), self.time)

    def where(self, chosen: npt.NDArray[np.bool_] | Ints) -> Residuals:
        """The chosen errors, by a mask of shape (n,) or by indices."""
        return Residuals(self.error[chosen], self.premium[chosen], self.time[chosen])

"""Errors of values on sales that their model had not seen: intervals and corrections are made from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints


@dataclass(frozen=True)
class Residuals:
    """Errors of values on sales their model had not seen, shape (n,): ln(price / value), the predicted premium, and
    when the sale was (UTC seconds)."""

    error: Floats
    premium: Floats
    time: Ints

    def __len__(self) -> int:
        return len(self.error)

    @property
    def day(self) -> Ints:
        """Number of each sale's UTC day, shape (n,)."""
        return day_number(self.time)

    def age_days(self, instant: float) -> Floats:
        """How long before an instant (UTC seconds) each sale was, shape (n,); below zero after it."""
        return (instant - self.time.astype(np.float64)) / 86_400.0

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("error", "premium", "time")))

    def since(self, time: float) -> Residuals:
        """Those of sales at or after an instant."""
        return self.where(self.time >= time)

    def rounded(self) -> Residuals:
        """To a millionth, far below what an interval can tell: a model file keeps them as short numbers."""
        return Residuals(np.round(self.error, 6), np.round(self.premium, 6), self.time)

    def as_dict(self) -> dict[str, list[float] | list[int]]:
        return {"error": self.error.tolist(), "premium": self.premium.tolist(), "time": self.time.tolist()}

    @classmethod
    def from_dict(cls, columns: Any) -> Residuals:
        """As `as_dict` gives it.

        Raises:
            ValueError, KeyError, TypeError: columns of unequal length, what is no finite number, a premium that is not
                above zero, or a time that is no whole second.
        """
        error, premium, time = (columns[name] for name in ("error", "premium", "time"))
        if not all(isinstance(column, list) for column in (error, premium, time)):
            raise TypeError("the residuals are no columns")
        if not len(error) == len(premium) == len(time):
            raise ValueError(f"residuals of unequal length: {len(error)}, {len(premium)} and {len(time)}")
        if not all(type(number) in (int, float) for number in (*error, *premium)):
            raise TypeError("an error or premium is no number")
        if not all(type(second) is int for second in time):
            raise TypeError("the time of an error is no whole second")
        read = cls(np.array(error, np.float64), np.array(premium, np.float64), np.array(time, np.int64))
        if not (np.isfinite(read.error).all() and np.isfinite(read.premium).all() and (read.premium > 0).all()):
            raise ValueError("an error or premium is not finite, or a premium not above zero")
        return read

    def where(self, chosen: npt.NDArray[np.bool_] | Ints) -> Residuals:
        """Those chosen, by a mask of shape (n,) or by their places."""
        return Residuals(self.error[chosen], self.premium[chosen], self.time[chosen])


def day_number(time: Ints) -> Ints:
    """UTC days since 1970-01-01, of UTC seconds. A literal: no constant may change what a model file says."""
    return time // 86_400

"""Segment-wise (Mondrian) conformal intervals on the log ratio of price to value.

Lower and upper quantiles are taken separately, with the finite-sample correction of split conformal prediction
(Vovk et al., Algorithmic Learning in a Random World, 2005; Papadopoulos et al. 2002). Recent errors weigh more, so that
a calm market is not given the width of the wild one before it (Barber et al., Annals of Statistics 51, 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints

SEGMENT_BOUNDS = (1.08, 1.3, 2.5)
"""Bounds of the predicted premium (value / floor)."""
LEVELS = (0.5, 0.8, 0.9)
MIN_RESIDUALS = 40
"""A segment with fewer residuals borrows those of the segment below it."""
THIN_WIDENING = 1.5
HALF_LIFE_DAYS = 120.0
"""An error this much older weighs half."""
CALIBRATION_DAYS = 180
"""Intervals come from the errors on the sales of this long before."""


def segment_of(premium: Floats) -> npt.NDArray[np.int64]:
    """Index of the premium segment, 0 (floor tier) to 3 (rare), shape of `premium`."""
    return np.searchsorted(np.array(SEGMENT_BOUNDS), premium, side="right").astype(np.int64)


@dataclass(frozen=True)
class Residuals:
    """Errors of values on sales their model had not seen, shape (n,): ln(price / value), the predicted premium, and
    when the sale was (UTC seconds)."""

    error: Floats
    premium: Floats
    time: Ints

    def __len__(self) -> int:
        return len(self.error)

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("error", "premium", "time")))

    def since(self, time: float) -> Residuals:
        """Those of sales at or after an instant."""
        return self._where(self.time >= time)

    def before(self, time: float) -> Residuals:
        """Those of sales strictly before an instant."""
        return self._where(self.time < time)

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

    def _where(self, chosen: npt.NDArray[np.bool_]) -> Residuals:
        return Residuals(self.error[chosen], self.premium[chosen], self.time[chosen])


class Intervals(Protocol):
    """Whatever puts intervals around values."""

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """Per level the lower and upper bound in ETH, for values and their predicted premia of shape (n,)."""
        ...


@dataclass(frozen=True)
class Calibration:
    """Per level and segment the lower and upper offset of ln(price / value): shape (levels, segments, 2)."""

    offsets: tuple[tuple[tuple[float, float], ...], ...]

    @classmethod
    def fit(cls, residuals: Residuals, as_of: datetime) -> Calibration:
        """From errors known at `as_of`."""
        age_days = np.maximum(as_of.timestamp() - residuals.time, 0.0) / 86_400.0
        weight = 0.5 ** (age_days / HALF_LIFE_DAYS)
        segment = segment_of(residuals.premium)
        pools: list[tuple[npt.NDArray[np.bool_], float]] = []
        for index in range(len(SEGMENT_BOUNDS) + 1):
            own, widening, below = segment == index, 1.0, index - 1
            while own.sum() < MIN_RESIDUALS and below >= 0:
                own, widening, below = own | (segment == below), THIN_WIDENING, below - 1
            if own.sum() < MIN_RESIDUALS:
                own = np.ones(len(segment), dtype=np.bool_)
            pools.append((own, widening))
        return cls(
            tuple(
                tuple(_offsets(residuals.error[pool], weight[pool], level, widening) for pool, widening in pools)
                for level in LEVELS
            )
        )

    def as_lists(self) -> list[list[list[float]]]:
        """As a database takes them: shape (levels, segments, 2)."""
        return [[list(sides) for sides in level] for level in self.offsets]

    @classmethod
    def from_lists(cls, offsets: Sequence[Sequence[Sequence[float]]]) -> Calibration:
        """As `as_lists` gives them."""
        return cls(tuple(tuple((low, high) for low, high in level) for level in offsets))

    def bounds(self, value: Floats, premium: Floats) -> list[tuple[Floats, Floats]]:
        """Per level the lower and upper bound in ETH; nested, and always around the value."""
        segment = segment_of(premium)
        result: list[tuple[Floats, Floats]] = []
        low, high = value, value
        for level in self.offsets:
            table = np.array(level)
            low = np.minimum(low, value * np.exp(table[segment, 0]))
            high = np.maximum(high, value * np.exp(table[segment, 1]))
            result.append((low, high))
        return result


def _offsets(error: Floats, weight: Floats, level: float, widening: float) -> tuple[float, float]:
    """Weighted quantiles; the sale to come counts as one more error, infinitely far out on either side."""
    if len(error) == 0:
        return -inf, inf
    # Errors alike are put by weight: the order in which sales are given must not move a sum by its last bit.
    order = np.lexsort((weight, error))
    ordered, below = error[order], np.cumsum(weight[order])
    share = below / (below[-1] + 1.0)
    tail = (1.0 - level) / 2.0
    upper = min(int(np.searchsorted(share, 1.0 - tail, side="left")), len(error) - 1)
    mirrored = np.cumsum(weight[order][::-1]) / (below[-1] + 1.0)
    lower = len(error) - 1 - min(int(np.searchsorted(mirrored, 1.0 - tail, side="left")), len(error) - 1)
    return float(ordered[lower]) * widening, float(ordered[upper]) * widening

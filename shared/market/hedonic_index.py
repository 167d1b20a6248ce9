"""A price index of the whole collection with a premium for every trait, learnt from sales alone.

The model is the field's time-dummy hedonic regression in state-space form: ln(price in ETH) of a sale is a market level
plus the premia of the punk's traits plus an error. Level and premia are random walks, the level a fast one and the
premia slow ones, and a Kalman filter updates them with each valid sale (Kalman, J. Basic Eng. 82, 1960; hedonic index:
Silver & Heravi, J. Bus. Econ. Stat. 25, 2007). A sale far from its forecast counts less (the filter's form of Huber's
loss). No ask and no bid goes in, so everything derived from it is blind to them.

Level and premia are identified only together, so both are told relative to common punks (`Traits.common`): the level is
their mean ln price, and a premium is over that.

Its settings were chosen by one-step forecast errors on sales from 2020 to July 2024; see docs/measurements.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints, TimeSeries
from shared.market.traits import Traits
from shared.units import DAY_S

LEVEL_DRIFT = 0.03
"""Standard deviation of the level's change in a day (log units)."""
PREMIUM_DRIFT = 0.02
"""Standard deviation of a trait premium's change in 30 days."""
PRIOR_PREMIUM = 0.4
"""Standard deviation of a premium before any sale."""
PRIOR_LEVEL = 2.0
NOISE, NOISE_PER_PREMIUM = 0.05, 0.05
"""Error of a sale at the level, and how it grows with the premium: rare punks sell less predictably."""
OUTLIER = 3.0
"""Standard deviations beyond which a sale's weight falls with its distance."""


class HedonicIndex:
    """State of the filter after every valid sale.

    Attributes:
        states: after each sale the level of common punks and the premia, shape (sales, 1 + traits), log units.
        variances: the diagonal of their covariance, same shape.
    """

    def __init__(self, traits: Traits) -> None:
        width = 1 + len(traits.names)
        self.states = TimeSeries(width, np.float32)
        self.variances = TimeSeries(width, np.float32)
        self._common = np.array([0.0, *traits.common])
        self._rows = [np.array([0, *[trait + 1 for trait in own]]) for own in traits.trait_lists]
        self._state = np.zeros(width)
        self._covariance = np.diag(np.array([PRIOR_LEVEL**2, *[PRIOR_PREMIUM**2] * (width - 1)]))
        self._diagonal = np.arange(width)
        self._drift = np.array([LEVEL_DRIFT**2, *[PREMIUM_DRIFT**2 / 30.0] * (width - 1)]) / DAY_S
        self._time: int | None = None
        self._learnt: list[tuple[int, Floats, Floats]] = []

    @property
    def level(self) -> float:
        """Mean ln(price in ETH) of common punks, now."""
        return float(self._state[0] + self._common @ self._state)

    def premium(self, punk: int) -> float:
        """What the punk's traits are worth over common punks, now, log units."""
        return float(self._state[self._rows[punk][1:]].sum() - self._common @ self._state)

    def update(self, time: int, punk: int, log_price: float) -> float:
        """Learn from one sale (UTC seconds, ln ETH); how far its price was from the forecast before it, log units."""
        state, covariance, rows = self._state, self._covariance, self._rows[punk]
        if self._time is None:
            state[0] = log_price
        else:
            covariance[self._diagonal, self._diagonal] += self._drift * (time - self._time)
        self._time = time
        common, with_traits = float(self._common @ state), float(state[rows].sum())
        premium = with_traits - float(state[0]) - common
        error = log_price - with_traits
        with_sale = covariance[:, rows].sum(axis=1)
        variance = float(with_sale[rows].sum()) + (NOISE + NOISE_PER_PREMIUM * max(premium, 0.0)) ** 2
        beyond = abs(error) / (OUTLIER * variance**0.5)
        gain = with_sale / (variance * max(beyond, 1.0))
        state += gain * error
        covariance -= gain[:, None] * with_sale
        learnt = state.copy()
        learnt[0] = self.level
        self._learnt.append((time, learnt, covariance[self._diagonal, self._diagonal]))
        return error

    def flush(self) -> None:
        """Append what was learnt since the last flush to `states` and `variances`."""
        times = [time for time, _, _ in self._learnt]
        self.states.extend(times, [state for _, state, _ in self._learnt])
        self.variances.extend(times, [variance for _, _, variance in self._learnt])
        self._learnt = []


class Premia:
    """Trait premia as of one state of the index, for any punks."""

    def __init__(self, traits: Traits, state: npt.NDArray[np.float32]) -> None:
        """`state`: a row of `HedonicIndex.states`, shape (1 + traits,)."""
        self.level = float(state[0])
        # A last entry of zero stands for "no trait", which members say as -1.
        self._premia = np.zeros(len(state))
        self._premia[:-1] = state[1:]
        self._common = float(traits.common @ self._premia[:-1])
        self._members = traits.padded

    def of(self, punks: Ints) -> Floats:
        """What each punk's traits are worth over common punks, shape of `punks`, log units."""
        total: Floats = np.einsum("ij->i", self._premia.take(self._members.take(punks, axis=0)))
        return total - self._common

"""A price index of the collection with a premium for every trait, estimated from sales alone.

The model is the time-dummy hedonic regression in state-space form: ln(price in ETH) of a sale is a market level plus
the premia of the punk's traits plus an error. Level and premia are random walks, the level a fast one, the premia slow
ones. A Kalman filter updates them with each valid sale (Kalman, J. Basic Eng. 82, 1960; hedonic index: Silver & Heravi,
J. Bus. Econ. Stat. 25, 2007). A sale far from its forecast has a lower weight, as with Huber's loss. The index reads no
asks and no bids.

Only the sum of level and premia is identified. Both are therefore relative to common punks (`Traits.common`): the level
is the mean ln price of common punks, and a premium is measured from there.

The settings minimise one-step forecast errors on sales from 2020 to July 2024; see docs/measurements.md.
"""

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints, TimeSeries
from shared.market.traits import Traits
from shared.units import DAY_S

LEVEL_DRIFT = 0.03
"""Standard deviation of the level's daily change (log units)."""
PREMIUM_DRIFT = 0.02
"""Standard deviation of a trait premium's change in 30 days."""
PRIOR_PREMIUM = 0.4
"""Standard deviation of a premium before any sale."""
PRIOR_LEVEL = 2.0
NOISE, NOISE_PER_PREMIUM = 0.05, 0.05
"""Error of a sale at the level, and its growth with the premium: prices of rare punks are less predictable."""
OUTLIER = 3.0
"""Beyond this many standard deviations, a sale's weight falls with its distance from the forecast."""


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

    @property
    def level(self) -> float:
        """Mean ln(price in ETH) of common punks after the last sale."""
        return float(self._state[0] + self._common @ self._state)

    def premium(self, punk: int) -> float:
        """Premium of the punk's traits over common punks after the last sale, log units."""
        return float(self._state[self._rows[punk][1:]].sum() - self._common @ self._state)

    def update(self, time: int, punk: int, log_price: float) -> float:
        """Update with one sale (UTC seconds, ln ETH). Returns its forecast error, log units."""
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
        row = state.copy()
        row[0] = self.level
        self.states.pending.append((time, row))
        self.variances.pending.append((time, covariance[self._diagonal, self._diagonal]))
        return error

    def flush(self) -> None:
        """Append the states and variances since the last flush."""
        self.states.flush()
        self.variances.flush()


class Premia:
    """Trait premia as of one state of the index, for any punks."""

    def __init__(self, traits: Traits, state: npt.NDArray[np.float32]) -> None:
        """`state`: a row of `HedonicIndex.states`, shape (1 + traits,)."""
        self.level = float(state[0])
        # The last entry, zero, is the premium of "no trait", which `members` encodes as -1.
        self._premia = np.zeros(len(state))
        self._premia[:-1] = state[1:]
        self._common = float(traits.common @ self._premia[:-1])
        self._members = traits.padded

    def of(self, punks: Ints) -> Floats:
        """Premium of each punk's traits over common punks, shape of `punks`, log units."""
        total: Floats = np.einsum("ij->i", self._premia.take(self._members.take(punks, axis=0)))
        return total - self._common

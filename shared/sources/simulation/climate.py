"""Influences on all prices: regimes of the floor, ETH/USD, and market activity."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from shared.market.series import Floats, Ints

FLOOR_ETH: Final = 40.0
"""Long-run mean of the floor."""
ETH_USD: Final = 2_500.0


@dataclass(frozen=True)
class Regime:
    """A market regime. Drifts and deviations are of log prices, per day.

    Attributes:
        days: mean length.
        reversion: share of the distance to the level at the regime's start that the floor regains per day.
        activity: factor on the number of sales.
    """

    name: str
    days: float
    drift: float
    deviation: float
    reversion: float
    activity: float
    eth_drift: float


REGIMES: Final = (
    Regime("calm", 40.0, 0.0, 0.018, 0.02, 0.85, 0.0),
    Regime("rally", 14.0, 0.009, 0.028, 0.0, 1.9, 0.008),
    Regime("crash", 9.0, -0.013, 0.036, 0.0, 1.3, -0.015),
    Regime("mean-reverting", 45.0, 0.0, 0.026, 0.07, 0.8, 0.0),
)
_NEXT: Final = np.array(
    [[0.0, 0.35, 0.20, 0.45], [0.35, 0.0, 0.25, 0.40], [0.30, 0.25, 0.0, 0.45], [0.40, 0.35, 0.25, 0.0]]
)
"""Transition probabilities of the regimes."""
_LONG_RUN = 0.008
_TAIL, _TAIL_SCALE = 4.0, 0.5**0.5
"""Degrees of freedom of the floor's moves (Student's t), and the scale for a deviation of 1."""
_ETH_DEVIATION = 0.033
_ETH_SHARE = 0.10
"""Share of an ETH/USD move that the floor in ETH follows."""
_BUSIEST = 2.0
_BUSY_MEMORY, _BUSY_DEVIATION = 0.60, 0.62


@dataclass(frozen=True)
class Climate:
    """Each day's values depend only on earlier days and on the draws of the day.

    Attributes:
        regime: shape (days,), index into `REGIMES`.
        log_floor: shape (days, 2), log worth in ETH of the cheapest kind of punk at the start and end of each day.
        activity: shape (days,), factor on the mean number of sales, 1 on average.
        log_eth_usd: shape (days,), log of the close.
    """

    regime: Ints
    log_floor: Floats
    activity: Floats
    log_eth_usd: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, days: int, *, jump_day: int | None = None, jump: float = 0.0) -> Climate:
        """Draws the days in order; from `jump_day` on, the floor and its mean are higher by `jump` (log)."""
        regime = np.empty(days, dtype=np.int64)
        floor, activity, eth = np.empty((days, 2)), np.empty(days), np.empty(days)
        now, level, home = log(FLOOR_ETH), log(FLOOR_ETH), log(FLOOR_ETH)
        dollars, busy, current = log(ETH_USD), 0.0, 0
        for day in range(days):
            shocks, luck, jolt = rng.standard_normal(2), rng.random(2), rng.standard_t(_TAIL) * _TAIL_SCALE
            if day == jump_day:
                now, level, home = now + jump, level + jump, home + jump
            floor[day, 0] = now
            if luck[0] < 1.0 / REGIMES[current].days:
                current = int(np.searchsorted(np.cumsum(_NEXT[current]), luck[1], side="right"))
                level = now
            today = REGIMES[current]
            eth_move = today.eth_drift + _ETH_DEVIATION * shocks[0] + 0.002 * (log(ETH_USD) - dollars)
            dollars += eth_move
            now += today.drift + today.reversion * (level - now) + _LONG_RUN * (home - now)
            now += today.deviation * float(np.clip(jolt, -5.0, 5.0)) + _ETH_SHARE * eth_move
            busy = _BUSY_MEMORY * busy + _BUSY_DEVIATION * shocks[1]
            # The mean of a log-normal factor is 1.
            spread = _BUSY_DEVIATION**2 / (1.0 - _BUSY_MEMORY**2)
            activity[day] = today.activity * np.exp(min(busy, _BUSIEST) - spread / 2.0)
            regime[day], eth[day], floor[day, 1] = current, dollars, now
        return cls(regime, floor, activity, eth)

    def level(self, day: int, blocks: Ints, blocks_a_day: int) -> Floats:
        """Log floor at blocks counted from the day's midnight, shape of `blocks`."""
        begins, ends = self.log_floor[day]
        return np.asarray(begins + (ends - begins) * blocks / blocks_a_day, dtype=np.float64)

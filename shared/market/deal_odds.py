"""The probability that a punk is worth more than its ask, corrected for selection, because deals are low asks.

Values have errors. An ask far below its value more likely has too high a value than too modest a seller: the winner's
curse. The remedy is the shrinkage of Smith & Winkler ("The Optimizer's Curse", Management Science
52, 2006), the normal case of empirical Bayes (Efron & Morris, J. Am. Stat. Assoc. 70, 1975). With

    x_i = ln(value_i / ask_i)                     log ratio of value and ask i
    s_i = ln(hi80_i / lo80_i) / (2 z_0.9)         the standard error of its value, from the calibrated 80 % interval
    m, t^2                                        mean and variance of the true ln(worth / ask) over all live asks

x_i is the truth plus an error of variance s_i^2, the truth is normal around m with variance t^2, and so, given x_i, the
truth is normal with

    mean      m + w_i (x_i - m),   w_i = t^2 / (t^2 + s_i^2)
    variance  w_i s_i^2

m is the median of x (a few absurd asks do not move it); t^2 is the spread of x around it, by the interquartile range,
less the median s^2, and at least `LEAST_SPREAD`^2. The probability that the punk is worth more than its ask is that of
the normal distribution at mean / deviation, and the worth expected is ask * exp(mean): the median, as values aim at
the median price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, exp, isfinite, log, sqrt
from statistics import median, quantiles
from typing import Final

from shared.units import ETH

Z_90: Final = 1.2815515655446004
IQR_OF_NORMAL: Final = 1.3489795003921634
LEAST_SPREAD: Final = 0.02
"""Least spread of ln(worth / ask), however alike the asks look (log units)."""
LEAST_ERROR, LARGEST_ERROR = 0.01, 3.0
"""Bounds of a value's standard error (log units). An interval down to zero has the upper bound."""
FEW: Final = 8
"""With fewer asks `DEFAULT_PRIOR` stands in."""


@dataclass(frozen=True)
class Offer:
    """A live public ask and the value of its punk, in ETH, all positive but for `lo80_eth`, which may be zero."""

    ask_eth: float
    value_eth: float
    lo80_eth: float
    hi80_eth: float

    @classmethod
    def of_wei(cls, *, ask: int, value: int, lo80: int, hi80: int) -> Offer:
        """The same from wei."""
        return cls(ask / ETH, value / ETH, lo80 / ETH, hi80 / ETH)

    @property
    def log_ratio(self) -> float:
        """ln(value / ask)."""
        return log(self.value_eth / self.ask_eth)

    @property
    def error(self) -> float:
        """Standard error of the value, log units."""
        if self.lo80_eth <= 0.0 or self.hi80_eth <= 0.0:
            return LARGEST_ERROR
        found = log(self.hi80_eth / self.lo80_eth) / (2.0 * Z_90)
        return min(max(found, LEAST_ERROR), LARGEST_ERROR) if isfinite(found) else LARGEST_ERROR


@dataclass(frozen=True)
class Prior:
    """Mean and standard deviation of ln(worth / ask), estimated from `asks` live asks."""

    mean: float
    spread: float
    asks: int


DEFAULT_PRIOR: Final = Prior(mean=-0.2, spread=0.2, asks=0)
"""Sellers ask about a fifth more than punks are worth."""


@dataclass(frozen=True)
class Judgement:
    """`probability` that the punk is worth more than its ask, and its expected worth in ETH."""

    probability: float
    worth_eth: float

    def margin_eth(self, ask_eth: float, *, fee: float, gas_eth: float) -> float:
        """Expected gain of buying now and selling at its worth. `fee`: share of the sale that is lost; `gas_eth`: both
        transactions."""
        return self.worth_eth * (1.0 - fee) - ask_eth - gas_eth


def learn(offers: Sequence[Offer]) -> Prior:
    """The prior of a market, from all its live asks."""
    if len(offers) < FEW:
        return DEFAULT_PRIOR
    ratios = [offer.log_ratio for offer in offers]
    low, _, high = quantiles(ratios, n=4)
    spread = (high - low) / IQR_OF_NORMAL
    noise = median(offer.error**2 for offer in offers)
    return Prior(median(ratios), sqrt(max(spread**2 - noise, LEAST_SPREAD**2)), len(offers))


def judge(offer: Offer, prior: Prior) -> Judgement:
    """The judgement of one offer."""
    variance = offer.error**2
    weight = prior.spread**2 / (prior.spread**2 + variance)
    mean = prior.mean + weight * (offer.log_ratio - prior.mean)
    deviation = sqrt(weight * variance)
    return Judgement(
        probability=0.5 * (1.0 + erf(mean / (deviation * sqrt(2.0)))),
        worth_eth=offer.ask_eth * exp(mean),
    )

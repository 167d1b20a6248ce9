"""Sequential tests that stay valid at every look (e-processes).

Paired: d_t = |ln P/v_new| - |ln P/v_old| on the same sale. By the triangle inequality |d_t| <= r_t =
|ln v_new - ln v_old|, known before the sale. For a bet g, wealth is multiplied by
1 + g * min(1/R, 1/(r_t + |m|)) * (d_t - m). Under "the new model is never worse by more than m in
expectation" the mean over the bets is a non-negative supermartingale that starts at 1, so
P(E ever reaches 1/a) <= a (Ville 1939). The mirrored process with m - d_t tests "it is always worse by at
least m". Choe and Ramdas, arXiv 2110.00115; Waudby-Smith and Ramdas, arXiv 2010.09686.

Absolute: losses X_t = min(|ln P/v|, c) against a level mu. Wealth is multiplied by 1 + g * (X_t / mu - 1),
which is non-negative because X_t >= 0 and g < 1; under "the expected clipped loss never exceeds mu" it is a
supermartingale. Clipping at c keeps one outlier from raising the alarm. It costs no validity, because level and
losses are clipped alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite

import numpy as np

from shared.evaluation.arrays import Floats
from shared.evaluation.policy import Sequential

_LARGEST = 1e290
"""Cap on wealth: lower wealth is still a supermartingale, an overflow is not a number."""


@dataclass(frozen=True)
class EState:
    """The state of a test: one wealth per bet and direction, and the number of steps."""

    n: int
    worse: tuple[float, ...]
    better: tuple[float, ...]

    @property
    def e_worse(self) -> float:
        """Evidence against "not worse (by more than the margin)"."""
        return sum(self.worse) / len(self.worse)

    @property
    def e_better(self) -> float:
        """Evidence against "worse (by at least the margin)"."""
        return sum(self.better) / len(self.better)


@dataclass(frozen=True)
class Step:
    """The sales of one transaction: mean difference d and mean bound r, log units, |d| <= r."""

    difference: float
    bound: float


@cache
def grid(rules: Sequential) -> Floats:
    """The bets: a geometric grid."""
    bets = np.geomspace(rules.grid_low, rules.grid_high, rules.grid_points)
    bets.flags.writeable = False
    return bets


def start(rules: Sequential) -> EState:
    ones = (1.0,) * rules.grid_points
    return EState(0, ones, ones)


def step_of(differences: Sequence[float], bounds: Sequence[float]) -> Step:
    """One step from the sales of one transaction.

    Raises:
        ValueError: no sale, or a difference beyond its bound, which no pair of models can produce.
    """
    if not differences or len(differences) != len(bounds):
        raise ValueError(f"{len(differences)} differences with {len(bounds)} bounds")
    for difference, bound in zip(differences, bounds, strict=True):
        if not (isfinite(difference) and isfinite(bound) and abs(difference) <= bound + 1e-9):
            raise ValueError(f"difference {difference} exceeds its bound {bound}; are both values of the same sale?")
    return Step(sum(differences) / len(differences), sum(bounds) / len(bounds))


def advance(state: EState, step: Step, *, margin: float, rules: Sequential) -> EState:
    """The state after one more step: the same state and step give the same floats."""
    reach = step.bound + abs(margin)
    scale = 1.0 / rules.scale if reach == 0 else min(1.0 / rules.scale, 1.0 / reach)
    # Values come back from the database rounded, so a difference may exceed its bound by an ulp.
    excess = max(-reach, min(reach, step.difference - margin))
    bets = grid(rules) * scale * excess
    return EState(state.n + 1, _multiply(state.worse, 1.0 + bets), _multiply(state.better, 1.0 - bets))


def advance_level(state: EState, loss: float, *, level: float, cap: float, rules: Sequential) -> EState:
    """The absolute process after one more loss (log units, mean over one transaction). `better` stays at 1.

    Raises:
        ValueError: the loss is negative or not finite, or the level is not within (0, cap].
    """
    if not (isfinite(loss) and loss >= 0):
        raise ValueError(f"a loss is finite and not negative, not {loss}")
    if not 0 < level <= cap:
        raise ValueError(f"the level {level} must lie within (0, {cap}]")
    factors = 1.0 + grid(rules) * (min(loss, cap) / level - 1.0)
    return EState(state.n + 1, _multiply(state.worse, factors), state.better)


def _multiply(wealth: tuple[float, ...], factors: Floats) -> tuple[float, ...]:
    return tuple(min(_LARGEST, float(w * f)) for w, f in zip(wealth, factors, strict=True))

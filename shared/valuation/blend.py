"""The blend of learners that is the value: boosters of three starts and a network, each in several seeds.

What is learnt is ln(price / floor) under absolute error. The network starts from the linear forecast, as the third
booster does. It draws smoothly what trees cut into steps, so they err differently, most where punks are dear: a mean of
all beats any of them (`SHARES`). It needs thousands of sales; before, there is none (`NETWORK_SALES`). Apes and aliens
are so few that neither learns anything of them: these are left to the booster that starts from the index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from shared.market.series import Floats
from shared.market.traits import TYPES
from shared.valuation import boosters
from shared.valuation.boosters import STARTS, Boosters, Start
from shared.valuation.feature_table import FEATURE_NAMES
from shared.valuation.linear_forecast import LinearForecast
from shared.valuation.network import Network
from shared.valuation.params import Params
from shared.valuation.scaling import Matrix

LEARNERS: Final = (*STARTS, "network")
SEEDS: Final = 2
"""Each learner is fitted so often, with other draws of rows, columns and weights: the mean errs less than either."""
NETWORK_SALES: Final = 4_000
"""Where there are fewer to learn from, there is no network, and the boosters share what it would have counted."""
INDEX_FORECAST: Final = ("level", "premium", "own_effect")
"""Features whose sum is the index's forecast of ln(price / floor), the punk's own past forecast errors included."""
THIN_TYPES: Final = ("Ape", "Alien")
"""So few of these were ever sold that learners and intervals learn nothing of them."""
SHARES: Final[tuple[tuple[float, float, float, float, float], ...]] = (
    # premium, and what each of LEARNERS counts there
    (1.03, 0.50, 0.15, 0.15, 0.20),
    (1.06, 0.25, 0.25, 0.25, 0.25),
    (1.20, 0.20, 0.20, 0.20, 0.40),
    (2.50, 0.00, 0.10, 0.30, 0.60),
)
"""By the premium over the floor that the learners' mean predicts; linear in its logarithm between, constant beyond."""


@dataclass(frozen=True)
class Blend:
    """Fitted learners. Networks, if there are any, begin from the linear forecast, as the last start's boosters do."""

    boosters: Boosters
    networks: tuple[Network, ...]
    linear: LinearForecast

    @property
    def features(self) -> tuple[str, ...]:
        """What all learners are given, in order."""
        return self.boosters.features

    def predict(self, frame: pl.DataFrame) -> Floats:
        """Predicted ln(price / floor) of every row, shape (n,)."""
        each = self._each(frame, matrix(frame, self.features))
        blend: Floats = (each * shares(frame, each)).sum(axis=0)
        return blend

    def _each(self, frame: pl.DataFrame, inputs: Matrix) -> Floats:
        """What each learner predicts, the mean of its seeds, shape (learners, n), one fewer without networks."""
        scaled = self.linear.scaling.scaled(inputs)
        line = self.linear.predict(scaled)
        starts = np.array([np.zeros(frame.height), index_forecast(frame), line])
        each = starts + self.boosters.predict(inputs)
        if not self.networks:
            return each
        added = np.mean([network.predict(scaled) for network in self.networks], axis=0)
        return np.vstack([each, line + added])

    def contributions(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Exact additive parts of `predict`: per feature, shape (n, features), and the constant, shape (n,).

        What a start puts in directly counts for the features it is made of. How the learners are blended is taken as
        given for the row, but all rows have the constant of the floor tier's blend: what a blend of dearer punks makes
        of it counts for the premium, which decides on it.
        """
        inputs = matrix(frame, self.features)
        counted = shares(frame, self._each(frame, inputs))
        scaled = self.linear.scaling.scaled(inputs)
        index, line = self._from_index(frame), self._from_line(scaled)
        told = self.boosters.contributions(inputs)
        told[STARTS.index("index")] += index
        told[STARTS.index("linear")] += line
        if self.networks:
            told = np.concatenate([told, (self._from_networks(scaled) + line)[None]])
        blended = np.einsum("mnf,mn->nf", told, counted)
        parts, constant = blended[:, :-1], blended[:, -1]
        if "premium" in self.features:
            usual = told[:, :, -1].T @ _by_premium(np.zeros(1), len(told))[:, 0]
            parts[:, self.features.index("premium")] += constant - usual
            constant = usual
        return parts, constant

    # Each of these: parts per feature, and at last the constant, shape (n, features + 1).

    def _from_index(self, frame: pl.DataFrame) -> Floats:
        """What the index's forecast puts in; for features that the model was not given it is constant."""
        parts = np.zeros((frame.height, len(self.features) + 1))
        for name in INDEX_FORECAST:
            place = self.features.index(name) if name in self.features else -1
            parts[:, place] += np.nan_to_num(frame[name].to_numpy().astype(np.float64))
        return parts

    def _from_line(self, scaled: Floats) -> Floats:
        return np.column_stack([self.linear.contributions(scaled), np.full(len(scaled), self.linear.constant)])

    def _from_networks(self, scaled: Floats) -> Floats:
        told = [network.contributions(scaled) for network in self.networks]
        mean: Floats = np.mean([np.column_stack([parts, np.full(len(scaled), usual)]) for parts, usual in told], axis=0)
        return mean


@dataclass(frozen=True)
class _Lesson:
    """What is learnt from: features, shape (n, features), ln(price / floor) and weights, shape (n,)."""

    frame: pl.DataFrame
    inputs: Matrix
    target: Floats
    weight: Floats


def train(
    rows: Callable[[], tuple[pl.DataFrame, Floats]],
    params: Params,
    *,
    seed: int,
    pool: Executor,
    features: Sequence[str] = FEATURE_NAMES,
    seeds: int = SEEDS,
) -> Callable[[], Blend]:
    """Begin to fit, the learners of each start on one thread of the pool: calling what comes back waits for all.

    `seeds` boosters of each start and as many networks, with seeds of their own from `seed` on.

    `rows` gives a frame with `price_eth`, `floor_eth` and the features, and each row's age in days, shape (n,): older
    ones weigh less. It is called in the pool, so that fits that wait hold no rows. One thread a start: the bytes do not
    depend on how many threads there are, and starts side by side use them better than trees do.
    """

    def lesson() -> _Lesson:
        frame, age_days = rows()
        target = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
        return _Lesson(frame, matrix(frame, features), target, 0.5 ** (age_days / params.half_life_days))

    def boosted(start: Start, learnt: _Lesson, started: Floats | float) -> list[bytes]:
        own = [seed + STARTS.index(start) + again * len(STARTS) for again in range(seeds)]
        return boosters.fit(learnt.inputs, learnt.target - started, learnt.weight, params, features=features, seeds=own)

    def from_nothing() -> list[bytes]:
        return boosted("nothing", lesson(), 0.0)

    def from_index() -> list[bytes]:
        learnt = lesson()
        return boosted("index", learnt, index_forecast(learnt.frame))

    def from_line() -> tuple[LinearForecast, list[bytes], list[Network]]:
        learnt = lesson()
        linear = LinearForecast.fit(learnt.inputs, learnt.target, learnt.weight)
        scaled = linear.scaling.scaled(learnt.inputs)
        line = linear.predict(scaled)
        often = seeds if len(line) >= NETWORK_SALES else 0
        networks = [
            Network.fit(scaled, learnt.target - line, learnt.weight, seed=seed + again) for again in range(often)
        ]
        return linear, boosted("linear", learnt, line), networks

    # The longest first: what is begun last should not be waited for alone.
    line, nothing, index = pool.submit(from_line), pool.submit(from_nothing), pool.submit(from_index)

    def wait() -> Blend:
        linear, last, networks = line.result()
        files = (*nothing.result(), *index.result(), *last)
        return Blend(Boosters(files, tuple(features), threads=1), tuple(networks), linear)

    return wait


def matrix(frame: pl.DataFrame, features: Sequence[str]) -> Matrix:
    """The features in order, shape (n, features), row by row: so a sum over a row is the same alone and among many."""
    return np.ascontiguousarray(frame.select(features).to_numpy(), dtype=np.float32)


def index_forecast(frame: pl.DataFrame) -> Floats:
    """The index's forecast of ln(price / floor), 0 for what it does not know yet, shape (n,)."""
    parts = frame.select(INDEX_FORECAST).to_numpy().astype(np.float64)
    forecast: Floats = np.nan_to_num(parts).sum(axis=1)
    return forecast


def is_thin(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are of `THIN_TYPES`, shape (n,)."""
    thin: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isin(
        frame["type"].to_numpy(), [TYPES.index(name) for name in THIN_TYPES]
    )
    return thin


def shares(frame: pl.DataFrame, each: Floats) -> Floats:
    """What each learner counts in each row's value, shape (learners, n); `each` is what they predict."""
    blended = _by_premium(each.mean(axis=0), len(each))
    alone = np.array([[1.0 if learner == "index" else 0.0] for learner in LEARNERS[: len(each)]])
    counted: Floats = np.where(is_thin(frame), alone, blended)
    return counted


def _by_premium(log_premium: Floats, learners: int) -> Floats:
    """The first so many of `SHARES`, which they have among them, shape (learners, n)."""
    premium, *columns = np.array(SHARES).T
    counted = np.array([np.interp(log_premium, np.log(premium), column) for column in columns[:learners]])
    whole: Floats = counted / counted.sum(axis=0)
    return whole

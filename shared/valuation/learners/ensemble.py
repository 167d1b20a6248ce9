"""The ensemble whose mean is the value: learners with equal weights, each fitted with several seeds.

Trees and the network err differently, so their mean beats each of them. Apes and aliens are too few for any learner:
their value is the hedonic index's forecast, by a rule (`IndexForecast`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Final, get_args

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter
from threadpoolctl import threadpool_limits

from shared.errors import InvalidInputError, UnsupportedModelError
from shared.market.series import Floats
from shared.market.traits import TYPES
from shared.valuation.learners.learner import Learner, Rows, TrainingSet
from shared.valuation.learners.linear import LinearForecast
from shared.valuation.learners.network import BLOCK, Network
from shared.valuation.learners.scaling import Matrix
from shared.valuation.learners.trees import Trees
from shared.valuation.params import Params, Start

# Learners fit and predict in parallel, so threads within a matrix product would only compete with them.
threadpool_limits(limits=1, user_api="blas")

KINDS: Final[dict[str, type[Learner]]] = {kind.KIND: kind for kind in (Trees, Network)}
"""Learners by their name in params.toml and model files."""


def _read(document: dict[str, Any]) -> Learner:
    """A learner from a model file; raises UnsupportedModelError for an unknown kind or start."""
    if document["kind"] not in KINDS:
        raise UnsupportedModelError(f"this code knows no learner {document['kind']!r}; it knows {', '.join(KINDS)}")
    if document["start"] not in get_args(Start):
        raise UnsupportedModelError(f"this code knows no start {document['start']!r} of a learner")
    return _fields(KINDS[document["kind"]]).validate_python(document)


def _written(learner: Learner) -> dict[str, Any]:
    return {"kind": learner.KIND, **_fields(type(learner)).dump_python(learner, mode="json")}


@cache
def _fields(kind: type[Learner]) -> TypeAdapter[Learner]:
    return TypeAdapter(kind)


@dataclass(frozen=True)
class IndexForecast:
    """The value of punks with these codes of the feature `type` is the sum of `features`."""

    codes: tuple[int, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Ensemble:
    """Fitted learners.

    Attributes:
        features: columns that the learners read, in order.
        linear: the forecast from which learners may start.
        threads: number of threads that predict; not part of the file.
    """

    features: tuple[str, ...]
    linear: LinearForecast
    learners: tuple[Annotated[Learner, PlainValidator(_read), PlainSerializer(_written)], ...]
    index_rule: IndexForecast
    threads: Annotated[int, Field(exclude=True)] = 1

    def __post_init__(self) -> None:
        if not self.learners:
            raise InvalidInputError("an ensemble without a learner")
        arrays = self.linear.slope, *vars(self.linear.scaling).values()
        shapes = {array.shape for array in arrays} | {(learner.features,) for learner in self.learners}
        if shapes != {(len(self.features),)}:
            raise InvalidInputError(f"the parts of an ensemble are not all of its {len(self.features)} features")

    def predict(self, frame: pl.DataFrame) -> Floats:
        """Predicted ln(price / floor) of every row, shape (n,)."""
        predicted = self._in_parts(frame, lambda rows: self._mean(lambda learner: learner.predict(rows)))
        by_index = self.by_index(frame)
        predicted[by_index] = self._index_parts(frame.filter(by_index)).sum(axis=1)
        return predicted

    def contributions(self, frame: pl.DataFrame) -> tuple[Floats, Floats]:
        """Exact additive parts of `predict`: per feature, shape (n, features), and the constant, shape (n,).

        They are the mean of the learners' parts. The linear forecast's part is divided over its features.
        """
        parts = self._in_parts(frame, self._contributions)
        by_index = self.by_index(frame)
        parts[by_index] = self._index_parts(frame.filter(by_index))
        return parts[:, :-1], parts[:, -1]

    def by_index(self, frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
        """Rows whose value is the index's forecast, shape (n,)."""
        return np.isin(frame["type"].to_numpy(), self.index_rule.codes)

    def _in_parts(self, frame: pl.DataFrame, predict: Callable[[Rows], Floats]) -> Floats:
        """Predict the rows on several threads, in whole blocks, so that no bit depends on the number of threads."""
        step = BLOCK * max(-(-frame.height // (BLOCK * self.threads)), 1)
        parts = [frame.slice(begin, step) for begin in range(0, max(frame.height, 1), step)]
        with ThreadPoolExecutor(self.threads) as pool:
            return np.concatenate(list(pool.map(lambda part: predict(self._rows(part)), parts)))

    def _contributions(self, rows: Rows) -> Floats:
        parts = self._mean(lambda learner: learner.contributions(rows))
        for start in get_args(Start):
            share = np.mean([learner.start == start for learner in self.learners])
            parts += share * self.linear.contributions(rows.scaled, start)
        return parts

    def _mean(self, predict: Callable[[Learner], Floats]) -> Floats:
        mean: Floats = np.sum([weight * predict(learner) for learner, weight in self._weighted], axis=0) / len(
            self.learners
        )
        return mean

    @cached_property
    def _weighted(self) -> list[tuple[Learner, int]]:
        """Learners with their weights. Networks with the same start are merged into one."""
        weighted: list[tuple[Learner, int]] = [(each, 1) for each in self.learners if not isinstance(each, Network)]
        for start in get_args(Start):
            same = [each for each in self.learners if isinstance(each, Network) and each.start == start]
            if same:
                weighted.append((Network.mean(same), len(same)))
        return weighted

    def _rows(self, frame: pl.DataFrame) -> Rows:
        return _rows(_matrix(frame, self.features), self.linear)

    def _index_parts(self, frame: pl.DataFrame) -> Floats:
        """Parts of the index's forecast, shape (n, features + 1); an unknown feature adds to the constant."""
        parts = np.zeros((frame.height, len(self.features) + 1))
        for name in self.index_rule.features:
            column = self.features.index(name) if name in self.features else -1
            parts[:, column] += np.nan_to_num(frame[name].to_numpy().astype(np.float64))
        return parts


def fit(
    frame: pl.DataFrame,
    age_days: Floats,
    params: Params,
    *,
    features: Sequence[str],
    seed: int,
    seeds: int,
    threads: int,
) -> Ensemble:
    """Fit each learner with `seeds` seeds from `seed` on, one thread per learner. `threads` does not change the bytes.

    `frame` has `price_eth`, `floor_eth` and the features. Older rows weigh less; `age_days` has shape (n,).

    Raises:
        InvalidInputError: `params` names an unknown learner.
    """
    members, features = params.learners, tuple(features)
    if unknown := [member.kind for member in members if member.kind not in KINDS]:
        raise InvalidInputError(f"there is no learner {unknown[0]!r}; there are {', '.join(KINDS)}")
    target = np.log(frame["price_eth"].to_numpy() / frame["floor_eth"].to_numpy())
    raw, weight = _matrix(frame, features), 0.5 ** (age_days / params.half_life_days)
    linear = LinearForecast.fit(raw, target, weight, params.linear)
    training = TrainingSet(_rows(raw, linear), features, target, weight)

    def fit_member(index: int) -> tuple[Learner, ...]:
        own = range(seed + index, seed + index + seeds * len(members), len(members))
        return KINDS[members[index].kind].fit(training, params, start=members[index].start, seeds=own)

    with ThreadPoolExecutor(threads) as pool:
        learners = tuple(learner for fitted in pool.map(fit_member, range(len(members))) for learner in fitted)
    rule = IndexForecast(tuple(TYPES.index(name) for name in params.index_rule.types), params.index_rule.features)
    return Ensemble(features, linear, learners, rule)


def _matrix(frame: pl.DataFrame, features: Sequence[str]) -> Matrix:
    """The features in order, row by row, shape (n, features)."""
    return np.ascontiguousarray(frame.select(features).to_numpy(), dtype=np.float32)


def _rows(raw: Matrix, linear: LinearForecast) -> Rows:
    scaled = linear.scaling.scaled(raw)
    line = linear.predict(scaled)
    return Rows(raw, scaled, line, linear.started(line, "floored"))

"""A small neural network: a smooth surface over all features at once, which trees can only cut into steps.

One hidden layer of rectified linear units, trained under a smoothed absolute error by Adam (Kingma & Ba, ICLR 2015).
The weights are the mean over the last of the steps (Polyak & Juditsky, SIAM J. Control Optim. 30, 1992). They are
trained in single precision: that is twice as fast, and the last digits are those of the platform (docs/adr/0020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from shared.errors import InvalidInputError
from shared.market.series import Floats
from shared.valuation.file_fields import Singles
from shared.valuation.learners.learner import Lesson, Rows
from shared.valuation.learners.scaling import Matrix
from shared.valuation.params import NetworkParams, Params, Start

BLOCK = 512
"""So many rows are answered at once: they fit into a processor's cache."""


@dataclass(frozen=True)
class Network:
    """`weight` has shape (features, hidden), `bias` and `out` (hidden,), `constant` (1,)."""

    KIND: ClassVar[str] = "network"

    start: Start
    weight: Singles
    bias: Singles
    out: Singles
    constant: Singles

    def __post_init__(self) -> None:
        hidden = self.weight.shape[1:]
        if not (self.bias.shape == self.out.shape == hidden and self.constant.shape == (1,)):
            raise InvalidInputError(f"the parts of a network of {self.features} features do not fit together")

    @property
    def features(self) -> int:
        """As `Learner.features`."""
        return len(self.weight)

    @classmethod
    def fit(cls, lesson: Lesson, params: Params, *, start: Start, seeds: Sequence[int]) -> tuple[Network, ...]:
        """As `Learner.fit`; none where there are fewer sales than `network.min_sales`."""
        if len(lesson.target) < params.network.min_sales:
            return ()
        begun = lesson.rows.started(start)
        target = (lesson.target if begun is None else lesson.target - begun).astype(np.float32)
        weight = (lesson.weight / lesson.weight.mean()).astype(np.float32)
        return tuple(cls(start, *_train(lesson.rows.scaled, target, weight, params.network, seed)) for seed in seeds)

    @classmethod
    def mean(cls, networks: Sequence[Network]) -> Network:
        """One wider network whose answers are the mean of theirs, and take less time; they begin at the same start."""
        weight, bias, out = (
            np.concatenate([getattr(one, name) for one in networks], axis=-1) for name in ("weight", "bias", "out")
        )
        # In double precision: the shares of units are no single-precision numbers.
        shares: Any = out.astype(np.float64) / len(networks)
        constant: Any = np.mean([one.constant for one in networks], axis=0, dtype=np.float64)
        return cls(networks[0].start, weight, bias, shares, constant)

    def predict(self, rows: Rows) -> Floats:
        """As `Learner.predict`."""
        # In double precision: what another order of the sums does, alone or among many, stays far below a wei.
        weight, bias, out = (part.astype(np.float64) for part in (self.weight, self.bias, self.out))
        added = np.empty(len(rows.scaled))
        for begin in range(0, len(added), BLOCK):
            block = slice(begin, begin + BLOCK)
            units = rows.scaled[block].astype(np.float64) @ weight
            units += bias
            added[block] = np.maximum(units, 0.0, out=units) @ out + self.constant
        begun = rows.started(self.start)
        return added if begun is None else added + begun

    def contributions(self, rows: Rows) -> Floats:
        """As `Learner.contributions`: the rescale rule of DeepLIFT (Shrikumar et al., ICML 2017).

        What a unit gives more than with every feature at its centre is divided over the features in proportion to how
        they drive the unit.
        """
        drive = rows.scaled.astype(np.float64) @ self.weight
        more = _hidden(drive + self.bias) - _hidden(self.bias)
        passed = np.divide(more, drive, out=np.zeros_like(drive), where=drive != 0.0)
        parts = rows.scaled * ((passed * self.out) @ self.weight.T.astype(np.float64))
        constant = _hidden(self.bias) @ self.out.astype(np.float64) + self.constant
        return np.column_stack([parts, np.broadcast_to(constant, len(parts))])


def _hidden(drive: npt.NDArray[Any]) -> npt.NDArray[Any]:
    units: npt.NDArray[Any] = np.maximum(drive, 0)
    return units


def _train(scaled: Matrix, target: Matrix, count: Matrix, params: NetworkParams, seed: int) -> list[Matrix]:
    """The mean weights; `count` is each row's sample weight, 1 on average."""
    generator = np.random.default_rng(seed)
    features, rows = scaled.shape[1], len(target)
    reach = np.sqrt(3.0 / features)
    sizes = (features, params.hidden), (params.hidden,), (params.hidden,), (1,)
    now = [np.zeros(size, dtype=np.float32) for size in sizes]
    now[0] += generator.uniform(-reach, reach, sizes[0]).astype(np.float32)
    mean, first, second = ([np.zeros_like(part) for part in now] for _ in range(3))
    steps = params.epochs * max(rows // params.batch, 1)
    averaged = 0
    order = np.empty(0, dtype=np.int64)
    for step in range(1, steps + 1):
        if len(order) < min(params.batch, rows):
            order = generator.permutation(rows)
        batch, order = order[: params.batch], order[params.batch :]
        done = step / steps
        rate = params.rate * min(1.0, done / params.warm_up, (1.0 - done) / params.cool_down)
        gradients = _gradients(now, scaled[batch], target[batch], count[batch], params.near)
        scale = np.float32(rate * np.sqrt(1.0 - 0.999**step) / (1.0 - 0.9**step))
        averaged += done > 1.0 - params.averaged
        for place, gradient in enumerate(gradients):
            first[place] += np.float32(0.1) * (gradient - first[place])
            second[place] += np.float32(0.001) * (gradient * gradient - second[place])
            now[place] -= scale * first[place] / (np.sqrt(second[place]) + np.float32(1e-8))
            if averaged:
                mean[place] += (now[place] - mean[place]) / np.float32(averaged)
    return mean


def _gradients(parts: list[Matrix], scaled: Matrix, target: Matrix, count: Matrix, near: float) -> list[Matrix]:
    """Of the mean of sqrt(near^2 + error^2) over a batch, in the order of the parts."""
    weight, bias, out, constant = parts
    hidden = _hidden(scaled @ weight + bias)
    error = hidden @ out + constant - target
    d_output = count * error / np.sqrt(np.float32(near) ** 2 + error * error) / np.float32(len(target))
    d_hidden = np.where(hidden > 0.0, d_output[:, None] * out, np.float32(0.0))
    return [scaled.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(keepdims=True)]

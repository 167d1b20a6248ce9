"""A small neural network: a smooth function of all features, which trees approximate by steps.

One hidden layer of rectified linear units, trained under a smoothed absolute error by Adam (Kingma & Ba, ICLR 2015).
The weights are the mean over the last of the steps (Polyak & Juditsky, SIAM J. Control Optim. 30, 1992). They are
trained in single precision, which is twice as fast; the last digits depend on the platform (docs/adr/0020).
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
from shared.valuation.learners.learner import Rows, TrainingSet
from shared.valuation.learners.scaling import Matrix
from shared.valuation.params import NetworkParams, Params, Start

BLOCK = 512
"""Rows predicted at once, few enough for a processor's cache."""


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
    def fit(cls, training: TrainingSet, params: Params, *, start: Start, seeds: Sequence[int]) -> tuple[Network, ...]:
        """As `Learner.fit`; none with fewer sales than `network.min_sales`."""
        if len(training.target) < params.network.min_sales:
            return ()
        margin = training.rows.started(start)
        target = (training.target if margin is None else training.target - margin).astype(np.float32)
        weight = (training.weight / training.weight.mean()).astype(np.float32)
        return tuple(cls(start, *_train(training.rows.scaled, target, weight, params.network, seed)) for seed in seeds)

    @classmethod
    def mean(cls, networks: Sequence[Network]) -> Network:
        """One wider network that predicts the mean of networks with the same start, in less time."""
        weight, bias, out = (
            np.concatenate([getattr(each, name) for each in networks], axis=-1) for name in ("weight", "bias", "out")
        )
        # Double precision: the divided weights are not single-precision numbers.
        weights: Any = out.astype(np.float64) / len(networks)
        constant: Any = np.mean([each.constant for each in networks], axis=0, dtype=np.float64)
        return cls(networks[0].start, weight, bias, weights, constant)

    def predict(self, rows: Rows) -> Floats:
        """As `Learner.predict`."""
        # Double precision: another order of the sums, alone or among many rows, changes far less than a wei.
        weight, bias, out = (part.astype(np.float64) for part in (self.weight, self.bias, self.out))
        added = np.empty(len(rows.scaled))
        for begin in range(0, len(added), BLOCK):
            block = slice(begin, begin + BLOCK)
            activation = rows.scaled[block].astype(np.float64) @ weight
            activation += bias
            added[block] = np.maximum(activation, 0.0, out=activation) @ out + self.constant
        margin = rows.started(self.start)
        return added if margin is None else added + margin

    def contributions(self, rows: Rows) -> Floats:
        """As `Learner.contributions`: the rescale rule of DeepLIFT (Shrikumar et al., ICML 2017).

        A unit's activation, less that with every feature at its centre, is divided over the features in proportion to
        their parts of the pre-activation.
        """
        pre_activation = rows.scaled.astype(np.float64) @ self.weight
        more = _hidden(pre_activation + self.bias) - _hidden(self.bias)
        passed = np.divide(more, pre_activation, out=np.zeros_like(pre_activation), where=pre_activation != 0.0)
        parts = rows.scaled * ((passed * self.out) @ self.weight.T.astype(np.float64))
        constant = _hidden(self.bias) @ self.out.astype(np.float64) + self.constant
        return np.column_stack([parts, np.broadcast_to(constant, len(parts))])


def _hidden(pre_activation: npt.NDArray[Any]) -> npt.NDArray[Any]:
    activation: npt.NDArray[Any] = np.maximum(pre_activation, 0)
    return activation


def _train(scaled: Matrix, target: Matrix, sample_weight: Matrix, params: NetworkParams, seed: int) -> list[Matrix]:
    """The mean parameters over the last steps. `sample_weight` is 1 on average."""
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
        gradients = _gradients(now, scaled[batch], target[batch], sample_weight[batch], params.near)
        scale = np.float32(rate * np.sqrt(1.0 - 0.999**step) / (1.0 - 0.9**step))
        averaged += done > 1.0 - params.averaged
        for index, gradient in enumerate(gradients):
            first[index] += np.float32(0.1) * (gradient - first[index])
            second[index] += np.float32(0.001) * (gradient * gradient - second[index])
            now[index] -= scale * first[index] / (np.sqrt(second[index]) + np.float32(1e-8))
            if averaged:
                mean[index] += (now[index] - mean[index]) / np.float32(averaged)
    return mean


def _gradients(parts: list[Matrix], scaled: Matrix, target: Matrix, sample_weight: Matrix, near: float) -> list[Matrix]:
    """Gradients of the mean of sqrt(near^2 + error^2) over a batch, in the order of the parts."""
    weight, bias, out, constant = parts
    hidden = _hidden(scaled @ weight + bias)
    error = hidden @ out + constant - target
    d_output = sample_weight * error / np.sqrt(np.float32(near) ** 2 + error * error) / np.float32(len(target))
    d_hidden = np.where(hidden > 0.0, d_output[:, None] * out, np.float32(0.0))
    return [scaled.T @ d_hidden, d_hidden.sum(axis=0), hidden.T @ d_output, d_output.sum(keepdims=True)]

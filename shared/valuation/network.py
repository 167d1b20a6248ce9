"""A small neural network: what trees cannot draw, a smooth surface over many features at once.

One hidden layer of rectified linear units, trained under a smoothed absolute error by Adam (Kingma & Ba, ICLR 2015);
its weights are the mean over the last of the steps (Polyak & Juditsky, SIAM J. Control Optim. 30, 1992).

Its bytes must be the same wherever it is trained, but how a processor orders the sums of a matrix product shows in
their last digits, and hundreds of steps would make a difference of them. So whatever enters a product is brought to a
grid coarse enough that the sums fit into the 53 bits of a double: they are exact, in any order. What is not a product
is done number by number, as IEEE 754 lays down. A value is the same alone and among 10,000.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shared.errors import InvalidInputError
from shared.market.series import Floats

HIDDEN: Final = 256
EPOCHS: Final = 10
BATCH: Final = 512
RATE: Final = 0.004
WARM_UP: Final = 0.05
COOL_DOWN: Final = 0.5
"""The rate rises from nothing in the first share of the steps, and falls to nothing in the last."""
AVERAGED: Final = 0.3
"""The weights are the mean over this last share of the steps."""
NEAR: Final = 0.03
"""Errors (log units) well below this count as squares, well above it by their size."""

ROWS_AT_ONCE: Final = 1_024
"""So many are valued together: their units still fit into a processor's cache."""

# What enters a product: the largest size, and the binary digits behind the point.
_INPUT, _WEIGHT, _UNIT, _OUT, _PULL = (2.0**5, 12), (2.0**3, 16), (2.0**8, 18), (2.0**2, 16), (2.0**2, 15)
_DECAY_1, _DECAY_2, _TINY = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Network:
    """Weights on their grids. `weight` has shape (features, HIDDEN), `bias` and `out` (HIDDEN,)."""

    weight: Floats
    bias: Floats
    out: Floats
    constant: float

    @classmethod
    def fit(cls, inputs: Floats, target: Floats, count: Floats, *, seed: int) -> Network:
        """From scaled features, shape (n, features), see `Scaling`; targets in log units and weights, shape (n,)."""
        inputs, target = _on(_INPUT, inputs), np.round(target, 6)
        count = np.round(count / count.mean(), 6)
        trained = _Training(inputs.shape[1], np.random.default_rng(seed))
        rows, batches = len(target), max(len(target) // BATCH, 1)
        for epoch in range(EPOCHS):
            order = trained.generator.permutation(rows)
            for number in range(batches):
                batch = order[number * BATCH : (number + 1) * BATCH]
                done = (epoch * batches + number + 1) / (EPOCHS * batches)
                trained.step(inputs[batch], target[batch], count[batch], done)
        return trained.network()

    def predict(self, inputs: Floats) -> Floats:
        """Log units, shape (n,), of scaled features, shape (n, features)."""
        predicted = np.empty(len(inputs))
        for start in range(0, len(inputs), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            predicted[some] = self._units(self._drive(inputs[some])) @ self.out + self.constant
        return predicted

    def contributions(self, inputs: Floats) -> tuple[Floats, float]:
        """Exact additive parts of `predict`: per feature, shape (n, features), and the constant.

        The rescale rule of DeepLIFT (Shrikumar et al., ICML 2017) against features at their centres: what a unit gives
        more than there is divided over the features in proportion to how they drive it.
        """
        drive, usual = self._drive(inputs), self._units(self.bias)
        more = self._units(drive) - usual
        driven = drive - self.bias
        passed = np.divide(more, driven, out=np.zeros_like(more), where=driven != 0.0)
        parts: Floats = _on(_INPUT, inputs) * ((passed * self.out) @ self.weight.T)
        return parts, float(usual @ self.out) + self.constant

    def _drive(self, inputs: Floats) -> Floats:
        return _on(_INPUT, inputs) @ self.weight + self.bias

    @staticmethod
    def _units(drive: Floats) -> Floats:
        return _on(_UNIT, np.maximum(drive, 0.0))

    def as_dict(self) -> dict[str, str]:
        """Whole numbers of the grids' steps as little-endian 32-bit integers in base64."""
        constant = np.array([self.constant])
        parts = (self.weight, _WEIGHT), (self.bias, _WEIGHT), (self.out, _OUT), (constant, _OUT)
        return {
            name: base64.b64encode((part * 2.0**digits).astype("<i4").tobytes()).decode()
            for name, (part, (_, digits)) in zip(_NAMES, parts, strict=True)
        }

    @classmethod
    def from_dict(cls, document: Any, features: int) -> Network:
        """As `as_dict` gives it.

        Raises:
            InvalidInputError: a part is not of the size that so many features need, or a number is too large.
            KeyError, TypeError, ValueError: a part is missing or is no base64.
        """
        shapes = (features, HIDDEN), (HIDDEN,), (HIDDEN,), (1,)
        parts: list[Floats] = []
        for name, shape, (largest, digits) in zip(_NAMES, shapes, (_WEIGHT, _WEIGHT, _OUT, _OUT), strict=True):
            raw = base64.b64decode(document[name], validate=True)
            if len(raw) != 4 * np.prod(shape):
                raise InvalidInputError(f"{name} of a network of {features} features needs {np.prod(shape)} numbers")
            part = np.frombuffer(raw, dtype="<i4").reshape(shape) / 2.0**digits
            if np.abs(part).max(initial=0.0) > largest:
                raise InvalidInputError(f"{name} of a network has a number beyond {largest:g}")
            parts.append(part)
        weight, bias, out, constant = parts
        return cls(weight, bias, out, float(constant[0]))


_NAMES: Final = ("weight", "bias", "out", "constant")


class _Training:
    """Weights between two steps, their moments, and their mean so far. Its rules of exactness are the module's."""

    def __init__(self, features: int, generator: np.random.Generator) -> None:
        self.generator = generator
        # Uniform draws are exact everywhere; normal ones would ask the platform's logarithm. It starts as nothing.
        reach = np.sqrt(3.0 / features)
        self._now = [
            generator.uniform(-reach, reach, (features, HIDDEN)), np.zeros(HIDDEN), np.zeros(HIDDEN), np.zeros(1)
        ]  # fmt: skip
        self._first, self._second, self._mean = ([np.zeros_like(part) for part in self._now] for _ in range(3))
        self._old_1 = self._old_2 = 1.0
        self._averaged = 0

    def step(self, inputs: Floats, target: Floats, count: Floats, done: float) -> None:
        """One step on a batch; `done` is the share of all steps with it."""
        network = self._on_grids(self._now)
        units = network._units(inputs @ network.weight + network.bias)
        error = units @ network.out + network.constant - target
        pull = _on(_PULL, count * error / np.sqrt(NEAR**2 + error**2))
        pushed = _on(_PULL, np.where(units > 0.0, pull[:, None] * network.out, 0.0))
        slopes = [inputs.T @ pushed, pushed.sum(axis=0), units.T @ pull, pull.sum(keepdims=True)]
        self._move([slope / len(target) for slope in slopes], RATE * min(1.0, done / WARM_UP, (1.0 - done) / COOL_DOWN))
        if done > 1.0 - AVERAGED:
            self._averaged += 1
            for mean, part in zip(self._mean, self._now, strict=True):
                mean[...] += (part - mean) / self._averaged

    def _move(self, slopes: list[Floats], rate: float) -> None:
        """Adam's step."""
        # Multiplied up: a power would ask the platform's logarithm.
        self._old_1, self._old_2 = self._old_1 * _DECAY_1, self._old_2 * _DECAY_2
        rate *= np.sqrt(1.0 - self._old_2) / (1.0 - self._old_1)
        for part, slope, first, second in zip(self._now, slopes, self._first, self._second, strict=True):
            first[...] += (1.0 - _DECAY_1) * (slope - first)
            second[...] += (1.0 - _DECAY_2) * (slope * slope - second)
            part[...] -= rate * first / (np.sqrt(second) + _TINY)

    def network(self) -> Network:
        """Of the mean weights."""
        return self._on_grids(self._mean)

    @staticmethod
    def _on_grids(parts: list[Floats]) -> Network:
        weight, bias, out, constant = parts
        return Network(_on(_WEIGHT, weight), _on(_WEIGHT, bias), _on(_OUT, out), float(_on(_OUT, constant)[0]))


def _on(grid: tuple[float, int], numbers: npt.ArrayLike) -> Floats:
    """Each number brought to its grid: no larger than this, with so many binary digits behind the point."""
    largest, digits = grid
    brought: Floats = np.multiply(numbers, 2.0**digits)
    np.rint(brought, out=brought)
    brought *= 2.0**-digits
    return np.clip(brought, -largest, largest, out=brought)

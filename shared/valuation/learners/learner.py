"""The one interface of a learner. A new one is a module with a class like `Trees`, and a line in `ensemble.KINDS`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from shared.market.series import Floats
from shared.valuation.learners.scaling import Matrix
from shared.valuation.params import Params, Start


@dataclass(frozen=True)
class Rows:
    """What learners read of n rows.

    Attributes:
        raw: features in the model's order, NaN where unknown, shape (n, features).
        scaled: features by `Scaling`, shape (n, features).
        line: the linear forecast of ln(price / floor), shape (n,).
        floored: the same, but not below `linear.least`.
    """

    raw: Matrix
    scaled: Matrix
    line: Floats
    floored: Floats

    def started(self, start: Start) -> Floats | None:
        """Where a learner begins, shape (n,); None: at zero."""
        return {"zero": None, "linear": self.line, "floored": self.floored}[start]


@dataclass(frozen=True)
class Lesson:
    """What is learnt from: rows, the names of their features, ln(price / floor) and weights, shape (n,)."""

    rows: Rows
    features: tuple[str, ...]
    target: Floats
    weight: Floats


class Learner(Protocol):
    """A fitted learner. Same lesson, parameters and seed: the same learner.

    It is a dataclass whose fields pydantic writes into a model file (`file_fields` has types for arrays). It works on
    one thread: the ensemble fits several learners, and has several parts of the rows answered, side by side.
    """

    KIND: ClassVar[str]

    @property
    def start(self) -> Start: ...

    @property
    def features(self) -> int:
        """How many features the rows have that it reads."""
        ...

    @classmethod
    def fit(cls, lesson: Lesson, params: Params, *, start: Start, seeds: Sequence[int]) -> tuple[Self, ...]:
        """One learner a seed; none where there is too little to learn from."""
        ...

    def predict(self, rows: Rows) -> Floats:
        """ln(price / floor), its start included, shape (n,)."""
        ...

    def contributions(self, rows: Rows) -> Floats:
        """Exact additive parts of what `predict` adds to the start: per feature, then the constant, shape
        (n, features + 1)."""
        ...

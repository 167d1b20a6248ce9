"""The interface of learners. A new learner is a module with a class like `Trees`, and a line in `ensemble.KINDS`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from shared.market.series import Floats
from shared.valuation.learners.scaling import Matrix
from shared.valuation.params import Params, Start


@dataclass(frozen=True)
class Rows:
    """The inputs of learners, for n rows.

    Attributes:
        raw: features in the model's order, NaN where unknown, shape (n, features).
        scaled: features by `Scaling`, shape (n, features).
        line: the linear forecast of ln(price / floor), shape (n,).
        floored: `line`, at least `linear.least`.
    """

    raw: Matrix
    scaled: Matrix
    line: Floats
    floored: Floats

    def started(self, start: Start) -> Floats | None:
        """The base margin of a learner, shape (n,); None: zero."""
        return {"zero": None, "linear": self.line, "floored": self.floored}[start]


@dataclass(frozen=True)
class TrainingSet:
    """Rows, the names of their features, targets ln(price / floor) and weights, shape (n,)."""

    rows: Rows
    features: tuple[str, ...]
    target: Floats
    weight: Floats


class Learner(Protocol):
    """A fitted learner. Same training set, parameters and seed give the same learner.

    It is a dataclass whose fields pydantic writes into a model file (`file_fields` has types for arrays). It uses one
    thread, because the ensemble fits learners and predicts rows in parallel.
    """

    KIND: ClassVar[str]

    @property
    def start(self) -> Start: ...

    @property
    def features(self) -> int:
        """The number of features in the rows."""
        ...

    @classmethod
    def fit(cls, training: TrainingSet, params: Params, *, start: Start, seeds: Sequence[int]) -> tuple[Self, ...]:
        """One learner per seed; none if there are too few sales."""
        ...

    def predict(self, rows: Rows) -> Floats:
        """ln(price / floor) including the base margin, shape (n,)."""
        ...

    def contributions(self, rows: Rows) -> Floats:
        """Exact additive parts of `predict` less the base margin: per feature, then the constant.

        Shape (n, features + 1).
        """
        ...

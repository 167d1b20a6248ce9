"""Reference rows: inputs and answers in a model file, computed again wherever the file is read.

A file is content-addressed, but its values depend on the code. The rows show whether this code, its libraries and this
machine compute the values that were evaluated.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from shared.market.series import Floats
from shared.valuation.file_fields import AnyNumbers

ROWS: Final = 16
RECENT: Final = 400
"""Reference rows come from this many last rows."""
TOLERANCE: Final = 1e-6
"""Relative; far above another processor's rounding."""


@dataclass(frozen=True)
class Reference:
    """Every column that prediction reads, shape (columns, rows); values and bounds (ETH), shape (14, rows)."""

    columns: tuple[str, ...]
    inputs: AnyNumbers
    answers: AnyNumbers

    def __post_init__(self) -> None:
        if self.answers.shape != (14, *self.inputs.shape[1:]) or len(self.inputs) != len(self.columns):
            raise ValueError("reference rows without answers, or without columns")

    @cached_property
    def rows(self) -> pl.DataFrame:
        return pl.DataFrame(dict(zip(self.columns, self.inputs, strict=True)))

    @staticmethod
    def choose(frame: pl.DataFrame, predicted: Floats) -> pl.DataFrame:
        """`ROWS` of the last rows, spread evenly over the predictions, shape (n,), from lowest to highest."""
        order = np.argsort(predicted[-RECENT:], kind="stable")
        ranks = np.unique(np.linspace(0, len(order) - 1, ROWS).round().astype(np.int64))
        return frame.tail(RECENT)[order[ranks]]

    def difference(self, answers: Floats) -> float:
        """The largest relative difference from the recorded answers; infinite if an answer is not a number."""
        same = answers == self.answers  # includes infinite bounds
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(answers - self.answers) / np.abs(self.answers))
        worst = float(np.max(apart))
        return worst if np.isfinite(worst) else float("inf")

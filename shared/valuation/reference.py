"""Reference rows: inputs and answers inside a model file, answered again wherever the file is read.

A file is content-addressed, but what is made of it depends on the code. The rows show whether this code, its libraries
and this machine make of it what was evaluated.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from shared.market.series import Floats

ROWS: Final = 16
RECENT: Final = 400
"""Of so many last rows the reference rows are chosen."""
TOLERANCE: Final = 1e-6
"""Relative; another processor's last digits lie far below."""


@dataclass(frozen=True)
class Reference:
    """`rows`: every column that prediction reads, as float64. `answers`: value and bounds (ETH), shape (7, rows)."""

    rows: pl.DataFrame
    answers: Floats

    @staticmethod
    def choose(frame: pl.DataFrame, predicted: Floats) -> pl.DataFrame:
        """`ROWS` of the last rows, evenly from the cheapest to the dearest prediction, shape of `predicted` (n,)."""
        recent = np.arange(frame.height)[-RECENT:]
        ordered = recent[np.argsort(predicted[recent], kind="stable")]
        places = np.unique(np.linspace(0, len(ordered) - 1, ROWS).round().astype(np.int64))
        chosen: pl.DataFrame = frame[ordered[places].tolist()]
        return chosen

    def difference(self, answers: Floats) -> float:
        """The largest relative difference from the recorded answers; infinite where one is not a number."""
        same = answers == self.answers  # among them bounds at infinity
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.where(same, 0.0, np.abs(answers - self.answers) / np.abs(self.answers))
        worst = float(np.max(apart))
        return worst if np.isfinite(worst) else float("inf")

    def as_dict(self) -> dict[str, Any]:
        """Little-endian double-precision numbers in base64, column by column."""
        return {
            "columns": self.rows.columns,
            "rows": _text(self.rows.to_numpy().astype("<f8").T),
            "answers": _text(self.answers.astype("<f8")),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Reference:
        """Raises ValueError, KeyError, TypeError: not what `as_dict` gives."""
        columns = list(document["columns"])
        rows = np.frombuffer(base64.b64decode(document["rows"], validate=True), "<f8").reshape(len(columns), -1)
        answers = np.frombuffer(base64.b64decode(document["answers"], validate=True), "<f8").reshape(7, -1)
        if answers.shape[1] != rows.shape[1]:
            raise ValueError("reference rows without answers")
        return cls(pl.DataFrame(dict(zip(columns, rows, strict=True))), answers)


def _text(numbers: Floats) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()

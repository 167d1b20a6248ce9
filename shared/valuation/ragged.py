"""Rows of different lengths, laid end to end in one flat array, so that one call works on all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from shared.market.price_order import ordered_by
from shared.market.series import Floats, Ints


class Ragged:
    """The rows, and which of them each of n questions is about. An index is one into the flat array.

    Attributes:
        bounds: shape (rows + 1,), first index of each row, and the end of the last.
        row_of: shape (flat,), number of the row that each entry belongs to.
        row, start, end: shape (n,), number, first index and the one after the last of the row asked about.
    """

    def __init__(self, lengths: Sequence[int] | Ints, row: Ints) -> None:
        self.bounds = np.cumsum([0, *lengths])
        self.row_of = np.repeat(np.arange(len(lengths)), lengths)
        self.row, self.start, self.end = row, self.bounds[row], self.bounds[row + 1]

    def each(self, function: Callable[[Floats], Floats], values: Floats) -> Floats:
        """A function of one row's values, which keeps their number, of every row. Shape (flat,)."""
        return np.concatenate([function(values[start:end]) for start, end in pairwise(self.bounds.tolist())])

    def argsort(self, values: Floats) -> Ints:
        """Indices in the order of each row's values, row by row; the earlier one first among equals."""
        rows = pairwise(self.bounds.tolist())
        return np.concatenate([start + np.argsort(values[start:end], kind="stable") for start, end in rows])

    def pick(self, values: Floats, index: Ints) -> Floats:
        """Values at indices, NaN outside of the row asked about. Shape of `index`, (..., n)."""
        inside = (index >= self.start) & (index < self.end)
        picked: Floats = np.append(values, np.nan).take(np.where(inside, index, len(values)))
        return picked

    def search(self, values: Floats, wanted: Floats, *, right: bool = False) -> Ints:
        """Where `wanted`, shape (..., n), would stand in its row of ascending `values`: before equal ones, or behind
        them (`right`). NaN stands at the end."""
        side = "right" if right else "left"
        if len(self.row_of) == 0 or self.row_of[-1] == 0:  # one row: the same, without the row numbers
            found = np.searchsorted(values, wanted, side=side)  # type: ignore[call-overload]
        else:
            found = np.searchsorted(ordered_by(self.row_of, values), ordered_by(self.row, wanted), side=side)  # type: ignore[call-overload]
        within: Ints = np.clip(found, self.start, self.end)
        return within

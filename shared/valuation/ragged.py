"""Rows of different lengths, joined end to end in one flat array, so that one call handles all of them."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from shared.market.series import Floats, Ints
from shared.market.sorted_prices import ordered_by


class Ragged:
    """The rows, and the row of each of n queries. An index points into the flat array.

    Attributes:
        bounds: shape (rows + 1,), first index of each row, and the end of the last.
        row_of: shape (flat,), the row of each entry.
        row, start, end: shape (n,), the row of each query, its first index and the index after its last.
    """

    def __init__(self, lengths: Sequence[int] | Ints, row: Ints) -> None:
        self.bounds = np.cumsum([0, *lengths])
        self.row_of = np.repeat(np.arange(len(lengths)), lengths)
        self.row, self.start, self.end = row, self.bounds[row], self.bounds[row + 1]

    def each(self, function: Callable[[Floats], Floats], values: Floats) -> Floats:
        """Apply a function that keeps the number of values to every row. Shape (flat,)."""
        return np.concatenate([function(values[start:end]) for start, end in pairwise(self.bounds.tolist())])

    def argsort(self, values: Floats) -> Ints:
        """Indices in the order of each row's values, row by row; among equals, the earlier index first."""
        rows = pairwise(self.bounds.tolist())
        return np.concatenate([start + np.argsort(values[start:end], kind="stable") for start, end in rows])

    def pick(self, values: Floats, index: Ints) -> Floats:
        """Values at indices, NaN outside the query's row. Shape of `index`, (..., n)."""
        inside = (index >= self.start) & (index < self.end)
        picked: Floats = np.append(values, np.nan).take(np.where(inside, index, len(values)))
        return picked

    def search(self, values: Floats, query: Floats, *, right: bool = False) -> Ints:
        """Insertion index of `query`, shape (..., n), in its row of ascending `values`: before equal values, or after
        them (`right`). NaN goes to the end."""
        side = "right" if right else "left"
        if len(self.row_of) == 0 or self.row_of[-1] == 0:  # one row: the same, without the row numbers
            index = np.searchsorted(values, query, side=side)  # type: ignore[call-overload]
        else:
            index = np.searchsorted(ordered_by(self.row_of, values), ordered_by(self.row, query), side=side)  # type: ignore[call-overload]
        within: Ints = np.clip(index, self.start, self.end)
        return within

"""Append-only time series with strict as-of lookup, the basis of every point-in-time feature.

Block timestamps are whole seconds. A lookup at `as_of` returns the last row with a time strictly before `as_of`. Rows
that are appended later therefore never change an answer about the past.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TIME_BITS = 34  # enough for the seconds of five centuries; keys (punks, owners) take the bits above
NO_ROW = -1
ANY_NUMBER = 1 << 28
"""Number of keys of a `KeyedSeries`, if it is not known beforehand."""


class Growable:
    """A numpy array of fixed row width that grows by doubling. Appends cost amortised constant time; reads are
    views."""

    def __init__(self, width: int, dtype: npt.DTypeLike = np.float64) -> None:
        self._data = np.empty((64, width), dtype=dtype)
        self._size = 0

    def extend(self, rows: Sequence[Sequence[float] | Floats] | Floats | Ints) -> None:
        if not len(rows):
            return
        needed = self._size + len(rows)
        if needed > len(self._data):
            grown = np.empty((max(needed, 2 * len(self._data)), self._data.shape[1]), dtype=self._data.dtype)
            grown[: self._size] = self._data[: self._size]
            self._data = grown
        self._data[self._size : needed] = rows
        self._size = needed

    @property
    def view(self) -> npt.NDArray[np.float64]:
        """All rows, shape (n, width)."""
        return self._data[: self._size]

    def __len__(self) -> int:
        return self._size


class TimeSeries:
    """Rows of `width` floats at non-decreasing times.

    Attributes:
        pending: (time, row) pairs that the next `flush` appends.
    """

    def __init__(self, width: int, dtype: npt.DTypeLike = np.float64) -> None:
        self.pending: list[tuple[int, Sequence[float] | Floats]] = []
        self._times = Growable(1, np.int64)
        self._rows = Growable(width, dtype)

    def extend(self, times: Sequence[int], rows: Sequence[Sequence[float] | Floats] | Floats | Ints) -> None:
        self._times.extend(np.array(times, dtype=np.int64)[:, None])
        self._rows.extend(rows)

    def flush(self) -> None:
        """Append the pending rows."""
        pending, self.pending = self.pending, []
        self.extend([time for time, _ in pending], [row for _, row in pending])

    @property
    def times(self) -> Ints:
        return self._times.view[:, 0].astype(np.int64, copy=False)

    @property
    def rows(self) -> Floats:
        return self._rows.view

    def count_before(self, as_of: Ints) -> Ints:
        """Number of rows strictly before each instant, shape of `as_of`."""
        if len(as_of) and (as_of == as_of[0]).all():  # the usual case: all punks at one instant
            return np.full(as_of.shape, np.searchsorted(self.times, as_of[0], side="left"), dtype=np.int64)
        return np.searchsorted(self.times, as_of, side="left").astype(np.int64)

    def last_before(self, as_of: Ints, columns: slice = slice(None)) -> Floats:
        """The last row strictly before each instant, shape (n, columns); NaN if there is none."""
        return _take(self.rows[:, columns], self.count_before(as_of) - 1)

    def take(self, index: Ints) -> Floats:
        """Rows by number, shape (*index.shape, width); NaN for negative numbers."""
        return _take(self.rows, index)


class KeyedSeries:
    """One series per small integer key (a punk, an owner), appended in time order.

    Attributes:
        pending: ((key, time), row) pairs that the next `flush` appends.
    """

    def __init__(self, keys: int, width: int) -> None:
        self.pending: list[tuple[tuple[int, int], Sequence[float]]] = []
        self._keys = keys
        self._times = Growable(2, np.int64)
        self._rows = Growable(width)
        self._order: Ints = np.empty(0, dtype=np.int64)
        self._sorted: Ints = np.empty(0, dtype=np.int64)

    def extend(self, keys_times: Sequence[tuple[int, int]], rows: Sequence[Sequence[float]]) -> None:
        self._times.extend(keys_times)
        self._rows.extend(rows)

    def flush(self) -> None:
        """Append the pending rows."""
        pending, self.pending = self.pending, []
        self.extend([key_time for key_time, _ in pending], [row for _, row in pending])

    @property
    def keys(self) -> Ints:
        return self._times.view[:, 0].astype(np.int64, copy=False)

    @property
    def times(self) -> Ints:
        return self._times.view[:, 1].astype(np.int64, copy=False)

    @property
    def rows(self) -> Floats:
        return self._rows.view

    def _index(self) -> tuple[Ints, Ints]:
        """Row numbers ordered by (key, time), and the combined sort keys. Rebuilt after an append."""
        if len(self._order) != len(self._times):
            # Rows of one key are already in time order. A stable sort by a 16-bit key is a radix sort.
            narrow = np.uint16 if self._keys <= 1 << 16 else np.int64
            self._order = np.argsort(self.keys.astype(narrow), kind="stable").astype(np.int64)
            combined = (self.keys << _TIME_BITS) | self.times
            self._sorted = combined[self._order]
        return self._order, self._sorted

    def row_before(self, keys: Ints, as_of: Ints) -> Ints:
        """Number of the last row of each key strictly before its instant, `NO_ROW` if there is none.

        `keys` and `as_of` have shape (n,); a negative key means "no key".
        """
        order, combined = self._index()
        if len(order) == 0:
            return np.full(len(keys), NO_ROW, dtype=np.int64)
        if len(keys) > 4 * self._keys and np.all(as_of == as_of[0]):
            # At one instant, a few keys repeat (owners of 10,000 punks): look up each key once.
            every = np.arange(self._keys, dtype=np.int64)
            table = self.row_before(every, np.full(self._keys, as_of[0], dtype=np.int64))
            return np.where(keys >= 0, table[np.maximum(keys, 0)], NO_ROW)
        position = np.searchsorted(combined, (np.maximum(keys, 0) << _TIME_BITS) | as_of, side="left") - 1
        row = order[np.maximum(position, 0)]
        exists = (position >= 0) & (keys >= 0) & (self.keys[row] == keys)
        return np.where(exists, row, NO_ROW)

    def last_before(self, keys: Ints, as_of: Ints) -> Floats:
        """The last row of each key strictly before its instant, shape (n, width); NaN if there is none."""
        return self.take(self.row_before(keys, as_of))

    def take(self, rows: Ints) -> Floats:
        """Rows by number, shape (n, width); NaN for `NO_ROW`."""
        return _take(self.rows, rows)

    def time_of(self, rows: Ints) -> Floats:
        """Times (seconds) of row numbers; NaN for `NO_ROW`."""
        if len(self._times) == 0:
            return np.full(len(rows), np.nan)
        return np.where(rows >= 0, self.times[np.maximum(rows, 0)].astype(np.float64), np.nan)


def _take(rows: Floats, index: Ints) -> Floats:
    if len(rows) == 0:
        return np.full((*index.shape, rows.shape[1]), np.nan)
    taken = rows[np.maximum(index, 0)]
    taken[index < 0] = np.nan
    return taken

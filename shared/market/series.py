"""Append-only time series with strict as-of lookup: the mechanism behind every point-in-time feature.

Block timestamps are whole seconds. A lookup at `as_of` returns the last row whose time is strictly before it, so what
is appended later can never change an answer about the past.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TIME_BITS = 34  # seconds since 1970 fit for five centuries; keys (punks, traits) take the bits above
NO_ROW = -1
ANY_NUMBER = 1 << 28
"""Keys of a `KeyedSeries` whose number is not known beforehand."""


class Growable:
    """A numpy array of fixed row width that grows by doubling, so that appending is amortised and reading is a view."""

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
    """Rows of `width` floats at non-decreasing times."""

    def __init__(self, width: int, dtype: npt.DTypeLike = np.float64) -> None:
        self._times = Growable(1, np.int64)
        self._rows = Growable(width, dtype)

    def extend(self, times: Sequence[int], rows: Sequence[Sequence[float] | Floats] | Floats | Ints) -> None:
        self._times.extend(np.array(times, dtype=np.int64)[:, None])
        self._rows.extend(rows)

    @property
    def times(self) -> Ints:
        return self._times.view[:, 0].astype(np.int64, copy=False)

    @property
    def rows(self) -> Floats:
        return self._rows.view

    def count_before(self, as_of: Ints) -> Ints:
        """How many rows lie strictly before each instant, shape of `as_of`."""
        if len(as_of) and (as_of == as_of[0]).all():  # all punks at one instant
            return np.full(as_of.shape, np.searchsorted(self.times, as_of[0], side="left"), dtype=np.int64)
        return np.searchsorted(self.times, as_of, side="left").astype(np.int64)

    def last_before(self, as_of: Ints, columns: slice = slice(None)) -> Floats:
        """The last row strictly before each instant, shape (n, columns); NaN where there is none."""
        return _take(self.rows[:, columns], self.count_before(as_of) - 1)

    def take(self, index: Ints) -> Floats:
        """Rows by number, shape (*index.shape, width); NaN for numbers below zero."""
        return _take(self.rows, index)


class KeyedSeries:
    """Many series in one, one per small integer key (a punk, an owner), appended in time order."""

    def __init__(self, keys: int, width: int) -> None:
        self._keys = keys
        self._times = Growable(2, np.int64)
        self._rows = Growable(width)
        self._order: Ints = np.empty(0, dtype=np.int64)
        self._sorted: Ints = np.empty(0, dtype=np.int64)

    def extend(self, keys_times: Sequence[tuple[int, int]], rows: Sequence[Sequence[float]]) -> None:
        self._times.extend(keys_times)
        self._rows.extend(rows)

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
        """Row numbers ordered by (key, time), and the combined key they are ordered by. Rebuilt after an append."""
        if len(self._order) != len(self._times):
            # Rows already are in time order within a key. A stable sort by a 16-bit key is a radix sort.
            narrow = np.uint16 if self._keys <= 1 << 16 else np.int64
            self._order = np.argsort(self.keys.astype(narrow), kind="stable").astype(np.int64)
            combined = (self.keys << _TIME_BITS) | self.times
            self._sorted = combined[self._order]
        return self._order, self._sorted

    def row_before(self, keys: Ints, as_of: Ints) -> Ints:
        """Number of the last row of each key strictly before its instant, `NO_ROW` where there is none.

        `keys` and `as_of` have shape (n,); a negative key stands for "no key".
        """
        order, combined = self._index()
        if len(order) == 0:
            return np.full(len(keys), NO_ROW, dtype=np.int64)
        if len(keys) > 4 * self._keys and np.all(as_of == as_of[0]):
            # One instant, many repeated keys (a nowcast looks up 10,000 punks' traits): look each key up once.
            every = np.arange(self._keys, dtype=np.int64)
            table = self.row_before(every, np.full(self._keys, as_of[0], dtype=np.int64))
            return np.where(keys >= 0, table[np.maximum(keys, 0)], NO_ROW)
        place = np.searchsorted(combined, (np.maximum(keys, 0) << _TIME_BITS) | as_of, side="left") - 1
        found = order[np.maximum(place, 0)]
        exists = (place >= 0) & (keys >= 0) & (self.keys[found] == keys)
        return np.where(exists, found, NO_ROW)

    def last_before(self, keys: Ints, as_of: Ints) -> Floats:
        """The last row of each key strictly before its instant, shape (n, width); NaN where there is none."""
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

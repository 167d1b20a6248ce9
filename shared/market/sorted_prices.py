"""Punks sorted by price, updated as prices change.

A price and its punk are one complex number, price + i·punk. NumPy sorts complex numbers by real part, then by imaginary
part, so the lower punk comes first among equal prices. Few prices change between two instants, and a stable sort
(timsort) of a nearly sorted array is fast.
"""

import numpy as np
import numpy.typing as npt

from shared.market.series import Floats, Ints
from shared.market.traits import PUNKS

Keys = npt.NDArray[np.complex128]


def ordered_by(first: Ints | Floats, then: Ints | Floats) -> Keys:
    """Keys that sort by `first`, then by `then`; shape of `then`."""
    keys = np.empty(then.shape, dtype=np.complex128)
    keys.real, keys.imag = first, then
    return keys


class SortedPrices:
    """Prices of some of the 10,000 punks, at most one each.

    Attributes:
        punks, prices: shape (n,), ascending by price; every change makes new arrays.
    """

    def __init__(self) -> None:
        self._keys: Keys = np.empty(0, dtype=np.complex128)
        self._changes = np.zeros(PUNKS, dtype=np.bool_)
        self.punks: Ints = np.empty(0, dtype=np.int64)
        self.prices: Floats = np.empty(0)

    def change(self, punks: Ints, prices: Floats) -> None:
        """New prices of distinct punks; NaN removes the punk."""
        self._changes[punks] = True
        kept = self._keys[~self._changes[self.punks]]
        self._changes[punks] = False
        priced = ordered_by(prices, punks)[np.isfinite(prices)]
        self._keys = np.concatenate([kept, priced])
        self._keys.sort(kind="stable")
        self.punks, self.prices = self._keys.imag.astype(np.int64), self._keys.real.copy()

    def place(self, punks: Ints, prices: Floats) -> Ints:
        """Position of each punk, given its price; -1 if the price is NaN. Shape of `punks`."""
        return np.where(np.isnan(prices), -1, self._keys.searchsorted(ordered_by(prices, punks)))

"""The public asks in exact order.

An ask is one integer: the price in wei, shifted left, plus the punk's number. Such integers sort as (price, punk), so
the lowest ask is exact to the wei, and the lower punk comes first among equal prices.
"""

from bisect import bisect_left, insort

NAN = float("nan")

_PUNK_BITS = 14
_PUNK_MASK = (1 << _PUNK_BITS) - 1


class AskBook:
    """Public asks of a set of punks, at most one per punk. Prices in wei."""

    def __init__(self) -> None:
        self._keys: dict[int, int] = {}
        self._sorted: list[int] = []

    def move(self, punk: int, price_wei: int | None) -> bool:
        """Set, replace or (None) remove the punk's ask; False if there was nothing to remove."""
        keys, asks = self._keys, self._sorted
        before = keys.pop(punk, None)
        if before is not None:
            del asks[bisect_left(asks, before)]
        if price_wei is None:
            return before is not None
        after = keys[punk] = price_wei << _PUNK_BITS | punk
        insort(asks, after)
        return True

    def asks(self) -> list[tuple[int, int]]:
        """All asks as (price in wei, punk), ascending."""
        return [price_and_punk(key) for key in self._sorted]

    def ask(self, punk: int) -> int | None:
        key = self._keys.get(punk)
        return None if key is None else key >> _PUNK_BITS

    def floor(self) -> tuple[int, int] | None:
        """Lowest ask and its punk."""
        return price_and_punk(self._sorted[0]) if self._sorted else None

    def floor_without(self, punk: int) -> int | None:
        """Lowest ask of any other punk."""
        for key in self._sorted[:2]:
            if key & _PUNK_MASK != punk:
                return key >> _PUNK_BITS
        return None

    def lowest_two(self) -> list[int]:
        """Keys of the two lowest asks, or of fewer. `price_and_punk` reads a key."""
        return self._sorted[:2]


def price_and_punk(key: int) -> tuple[int, int]:
    """Price in wei and punk of a key."""
    return key >> _PUNK_BITS, key & _PUNK_MASK

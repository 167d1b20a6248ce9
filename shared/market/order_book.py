"""The public asks in exact order, with the ladder of lowest prices that market features read.

An ask is kept as one integer, its price in wei above the punk's number: integers sort exactly as (price, punk), so the
lowest ask is exact to the wei and the lower punk comes first among equal prices.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

RANKS = (1, 5, 10, 20, 50)
"""Ladder ranks. Each is kept with the rank after it: without one punk's own ask, the k-th price is the (k+1)-th of all
whenever the own ask is at or below the k-th."""

LADDER_COLUMNS = tuple(rank + shift for rank in RANKS for shift in (0, 1))
NAN = float("nan")
WEI = 1e18

_PUNK_BITS = 14
_PUNK_MASK = (1 << _PUNK_BITS) - 1
_HIGHEST_RANK = LADDER_COLUMNS[-1]
_pick_ladder = itemgetter(*[rank - 1 for rank in LADDER_COLUMNS])


class AskBook:
    """Public asks of a set of punks, at most one per punk. Prices in wei; those of `ladder` in ETH."""

    def __init__(self) -> None:
        self._keys: dict[int, int] = {}
        self._sorted: list[int] = []
        self._prices_eth: list[float] = []  # of the asks in `_sorted`, so that a ladder is read without arithmetic

    def __len__(self) -> int:
        return len(self._sorted)

    def move(self, punk: int, price_wei: int | None) -> tuple[int | None, int | None] | None:
        """Set, replace or (None) drop the punk's ask.

        Returns the ask's key before and after, as `TraitAsks.move` takes them; None when there was nothing to drop.
        """
        keys, asks, prices = self._keys, self._sorted, self._prices_eth
        if price_wei is None:
            before = keys.pop(punk, None)
            if before is None:
                return None
            place = bisect_left(asks, before)
            del asks[place], prices[place]
            return before, None
        before = keys.get(punk)
        if before is not None:
            place = bisect_left(asks, before)
            del asks[place], prices[place]
        after = keys[punk] = price_wei << _PUNK_BITS | punk
        place = bisect_left(asks, after)
        asks.insert(place, after)
        prices.insert(place, price_wei / WEI)
        return before, after

    def asks(self) -> list[tuple[int, int]]:
        """All asks as (price in wei, punk), ascending."""
        return [(key >> _PUNK_BITS, key & _PUNK_MASK) for key in self._sorted]

    def ask(self, punk: int) -> int | None:
        key = self._keys.get(punk)
        return None if key is None else key >> _PUNK_BITS

    def floor(self) -> tuple[int, int] | None:
        """Lowest ask and its punk."""
        if not self._sorted:
            return None
        return self._sorted[0] >> _PUNK_BITS, self._sorted[0] & _PUNK_MASK

    def floor_without(self, punk: int) -> int | None:
        """Lowest ask of any other punk."""
        for key in self._sorted[:2]:
            if key & _PUNK_MASK != punk:
                return key >> _PUNK_BITS
        return None

    def ladder(self) -> tuple[float, ...]:
        """Number of asks, then the prices at `LADDER_COLUMNS` (1-based ranks) in ETH; NaN beyond the book."""
        prices = self._prices_eth
        count = len(prices)
        if count >= _HIGHEST_RANK:
            return (float(count), *_pick_ladder(prices))
        return (float(count), *[prices[rank - 1] if rank <= count else NAN for rank in LADDER_COLUMNS])


class TraitAsks:
    """The public asks once more, by trait. `trait_lists` are the trait ids of each punk."""

    def __init__(self, trait_lists: Sequence[Sequence[int]], traits: int) -> None:
        self._trait_lists = trait_lists
        self._sorted: list[list[int]] = [[] for _ in range(traits)]

    def move(self, punk: int, before: int | None, after: int | None) -> list[tuple[int, tuple[float, float]]]:
        """Follow what `AskBook.move` returned.

        Returns each trait whose two lowest asks changed, with them in ETH (NaN where there is none).
        """
        changed: list[tuple[int, tuple[float, float]]] = []
        if before == after:
            return changed
        lists = self._sorted
        for trait in self._trait_lists[punk]:
            asks = lists[trait]
            # Nearly every change lies above the two lowest asks, which its place alone tells.
            left = entered = 2
            if before is not None:
                left = bisect_left(asks, before)
                del asks[left]
            if after is not None:
                entered = bisect_left(asks, after)
                asks.insert(entered, after)
            if left < 2 or entered < 2:
                changed.append((trait, _lowest_two(asks)))
        return changed


def _lowest_two(asks: list[int]) -> tuple[float, float]:
    first = (asks[0] >> _PUNK_BITS) / WEI if asks else NAN
    return first, (asks[1] >> _PUNK_BITS) / WEI if len(asks) > 1 else NAN

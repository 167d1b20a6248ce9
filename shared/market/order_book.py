"""The public asks, sorted, with the ladder of lowest prices that market features read."""

from __future__ import annotations

from bisect import bisect_left, insort

RANKS = (1, 5, 10, 20, 50)
"""Ladder ranks. Each is kept with the rank after it: without one punk's own ask, the k-th price is the (k+1)-th of all
whenever the own ask is at or below the k-th."""

LADDER_COLUMNS = tuple(rank + shift for rank in RANKS for shift in (0, 1))
NAN = float("nan")


class AskBook:
    """Public asks of a set of punks, at most one per punk. Prices in ETH."""

    def __init__(self) -> None:
        self._prices: dict[int, float] = {}
        self._sorted: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def place(self, punk: int, price_eth: float) -> None:
        """Set or replace the punk's ask."""
        self.remove(punk)
        self._prices[punk] = price_eth
        insort(self._sorted, (price_eth, punk))

    def remove(self, punk: int) -> bool:
        """Drop the punk's ask; False when it had none."""
        price = self._prices.pop(punk, None)
        if price is None:
            return False
        del self._sorted[bisect_left(self._sorted, (price, punk))]
        return True

    def ask(self, punk: int) -> float | None:
        return self._prices.get(punk)

    def floor(self) -> tuple[float, int] | None:
        """Lowest ask and its punk."""
        return self._sorted[0] if self._sorted else None

    def floor_without(self, punk: int) -> float | None:
        """Lowest ask of any other punk."""
        for price, other in self._sorted[:2]:
            if other != punk:
                return price
        return None

    def lowest_two(self) -> tuple[float, float]:
        """The two lowest prices, NaN where there is none."""
        asks = self._sorted
        return (asks[0][0] if asks else NAN, asks[1][0] if len(asks) > 1 else NAN)

    def ladder(self) -> list[float]:
        """Number of asks, then the prices at `LADDER_COLUMNS` (1-based ranks); NaN beyond the book."""
        asks = self._sorted
        count = len(asks)
        return [float(count), *[asks[rank - 1][0] if rank <= count else NAN for rank in LADDER_COLUMNS]]

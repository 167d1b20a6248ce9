"""One day of the market as its actors see it: what is free, what it is worth, when things happen."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.market.series import Floats, Ints
from shared.sources.simulation.ledger import NOBODY, Ledger
from shared.sources.simulation.punks import Punks
from shared.sources.simulation.values import BLOCKS_A_DAY, Values

GWEI_A_CENT: Final = 10**7
"""A hundredth of an ETH."""
MINUTE: Final = 5
"""Blocks."""
_RARELY_SOLD: Final = (4.0, 0.5)
"""The dearer (log) a punk, the seldomer it comes to the market: much so near the floor, less beyond."""
_NEAR: Final = 0.25
HOUR: Final = 60 * MINUTE
_LAST_START = BLOCKS_A_DAY - HOUR
"""No story begins in the day's last hour, so that each ends on its day."""


class Day:
    """Everything an actor needs. A punk takes part in one story a day: who takes it first has it."""

    def __init__(
        self,
        number: int,
        rng: np.random.Generator,
        ledger: Ledger,
        values: Values,
        punks: Punks,
        *,
        first_block: int = 0,
    ) -> None:
        self.number = number
        self.rng = rng
        self.ledger = ledger
        self.values = values
        self.punks = punks
        self.scale = len(punks) / 10_000
        """Of all frequencies, which are meant for 10,000 punks."""
        self._first_block = first_block
        self._taken = np.zeros(len(punks), dtype=np.bool_)
        public = ledger.public()
        self.floor = int(ledger.asking[public].min()) if len(public) else 0
        """The lowest public ask at midnight in gwei, 0 without one."""

    # How often and when

    def count(self, mean: float) -> int:
        """How often something happens today whose mean for 10,000 punks is `mean`."""
        return int(self.rng.poisson(mean * self.scale))

    def blocks(self, count: int) -> Ints:
        """Absolute blocks, somewhere in the day."""
        return np.asarray(self.number * BLOCKS_A_DAY + self.rng.integers(self._first_block, _LAST_START, count))

    def later(self, blocks: Ints, minutes: float) -> Ints:
        """Blocks after these, `minutes` on average, still on the same day."""
        waits = 1 + self.rng.exponential(minutes * MINUTE, len(blocks)).astype(np.int64)
        return np.asarray(np.minimum(blocks + waits, (blocks + (self.number + 1) * BLOCKS_A_DAY) // 2))

    # Punks

    def take(self, punks: Ints) -> Ints:
        """Those of these (each named once) that take part in nothing yet today; now they do."""
        fresh = punks[~self._taken[punks]]
        self._taken[fresh] = True
        return fresh

    def unwrapped(self, count: int) -> Ints:
        """Up to `count` punks that are not wrapped, taken."""
        drawn = self.rng.integers(0, len(self.punks), 2 * count)
        return self._first(drawn[self.ledger.wrapped_by[drawn] == NOBODY], count)

    def unlisted(self, count: int) -> Ints:
        """Up to `count` punks that are neither wrapped nor offered, taken. Rare ones seldom come to the market."""
        drawn = self.rng.integers(0, len(self.punks), 3 * count)
        ledger = self.ledger
        ready = (ledger.wrapped_by[drawn] == NOBODY) & (ledger.asking[drawn] < 0)
        premium = self.values.premium[drawn]
        eager = self.rng.random(len(drawn)) < np.exp(
            -_RARELY_SOLD[0] * np.minimum(premium, _NEAR) - _RARELY_SOLD[1] * premium
        )
        return self._first(drawn[ready & eager], count)

    def _first(self, punks: Ints, count: int) -> Ints:
        free = punks[~self._taken[punks]]
        return self.take(free[np.sort(np.unique(free, return_index=True)[1])[:count]])

    # Prices

    def log_worth(self, punks: Ints, blocks: Ints) -> Floats:
        """Log ETH at absolute blocks."""
        return self.values.log_worth(punks, blocks - self.number * BLOCKS_A_DAY)

    def gaps(self, punks: Ints) -> Floats:
        """Log of ask over worth at noon, of offered punks."""
        return np.log(self.ledger.asking[punks] / 1e9) - self.values.log_worth(punks, BLOCKS_A_DAY // 2)

    # Holders

    def somebody(self, count: int) -> Ints:
        """Holders; a few of them do much."""
        return (self.ledger.wrapper * self.rng.random(count) ** 2).astype(np.int64)

    def others(self, punks: Ints) -> Ints:
        """Holders, each not the owner of its punk."""
        drawn = self.somebody(len(punks))
        return np.where(drawn == self.ledger.owner[punks], (drawn + 1) % self.ledger.wrapper, drawn)

    def second_address(self, punks: Ints) -> Ints:
        """Another address of each punk's owner."""
        return self.ledger.owner[punks] ^ 1


def price(log_eth: Floats) -> Ints:
    """Gwei of log ETH prices as people set them: to the cent, at least one cent."""
    return np.maximum(1, np.rint(np.exp(log_eth) * 100.0)).astype(np.int64) * GWEI_A_CENT

"""One day of the market for its actors: available punks, their worth, and times."""

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
"""Rates at which expensive punks (log premium) come to the market less often: near the floor, and beyond."""
_NEAR: Final = 0.25
HOUR: Final = 60 * MINUTE
_LAST_START = BLOCKS_A_DAY - HOUR
"""No story begins in the last hour of a day, so that it ends on the same day."""


class Day:
    """State and draws of one day. A punk takes part in one story per day: the first actor to take it gets it.

    Attributes:
        scale: factor on all frequencies, which are for 10,000 punks.
        floor: lowest public ask at midnight in gwei, 0 without one.
    """

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
        self._first_block = first_block
        self._taken = np.zeros(len(punks), dtype=np.bool_)
        public = ledger.public()
        self.floor = int(ledger.asking[public].min()) if len(public) else 0

    # Counts and times

    def count(self, mean: float) -> int:
        """Number of events today; `mean` is for 10,000 punks."""
        return int(self.rng.poisson(mean * self.scale))

    def blocks(self, count: int) -> Ints:
        """Absolute blocks within the day."""
        return np.asarray(self.number * BLOCKS_A_DAY + self.rng.integers(self._first_block, _LAST_START, count))

    def later(self, blocks: Ints, minutes: float) -> Ints:
        """Later blocks of the same day, `minutes` later on average."""
        waits = 1 + self.rng.exponential(minutes * MINUTE, len(blocks)).astype(np.int64)
        return np.asarray(np.minimum(blocks + waits, (blocks + (self.number + 1) * BLOCKS_A_DAY) // 2))

    # Punks

    def take(self, punks: Ints) -> Ints:
        """The punks (distinct) that no story has taken today; takes them."""
        fresh = punks[~self._taken[punks]]
        self._taken[fresh] = True
        return fresh

    def unwrapped(self, count: int) -> Ints:
        """Takes up to `count` punks that are not wrapped."""
        drawn = self.rng.integers(0, len(self.punks), 2 * count)
        return self._first(drawn[self.ledger.wrapped_by[drawn] == NOBODY], count)

    def unlisted(self, count: int) -> Ints:
        """Takes up to `count` punks that are neither wrapped nor listed; rare punks are less likely."""
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
        """Log(ask / worth at noon) of listed punks."""
        return np.log(self.ledger.asking[punks] / 1e9) - self.values.log_worth(punks, BLOCKS_A_DAY // 2)

    # Holders

    def somebody(self, count: int) -> Ints:
        """Random holders; a few are much more active than others."""
        return (self.ledger.wrapper * self.rng.random(count) ** 2).astype(np.int64)

    def others(self, punks: Ints) -> Ints:
        """Random holders, none of them the owner of its punk."""
        drawn = self.somebody(len(punks))
        return np.where(drawn == self.ledger.owner[punks], (drawn + 1) % self.ledger.wrapper, drawn)

    def second_address(self, punks: Ints) -> Ints:
        """Another address of each punk's owner."""
        return self.ledger.owner[punks] ^ 1

    # Deals

    def deal(self, punks: Ints, blocks: Ints, prices: Ints, buyers: Ints, *, minutes: float) -> None:
        """List the punks privately; the buyers take them `minutes` later on average."""
        self.ledger.ask(punks, blocks, prices, buyers)
        self.ledger.buy(punks, self.later(blocks, minutes), buyers)


def price(log_eth: Floats) -> Ints:
    """Prices in gwei of log ETH, rounded to 0.01 ETH, at least 0.01 ETH."""
    return np.maximum(1, np.rint(np.exp(log_eth) * 100.0)).astype(np.int64) * GWEI_A_CENT

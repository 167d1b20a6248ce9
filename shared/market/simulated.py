"""A simulated market, for whoever has no data: same seed, same events, to the byte.

What is simulated is what a valuation has to cope with: a floor that wanders and changes regime, premia that
depend on attributes and drift, sellers with different haste, stale asks, dust bids, private and below-market
deals, wrapped punks, a flash loan.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from shared.errors import InvalidInputError
from shared.market.events import validate
from shared.market.recorded import RecordedMarket
from shared.market.reference_data import ETH_USD_SCHEMA, validate_eth_usd, validate_punks
from shared.market.simulated_play import Climate, Play
from shared.market.simulated_punks import draw_punks

_FLASH_LOAN_DAY = 180
_EARLIEST_START = datetime(2018, 1, 1, tzinfo=UTC)


class SimulatedMarket:
    """A market source: `history_days` of events before `start`, then `days` to play.

    Raises:
        InvalidInputError: the period is empty, absurdly long, or begins before the real contract did.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        days: int = 365,
        history_days: int = 250,
        start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
    ) -> None:
        if not (1 <= days <= 3650 and 1 <= history_days <= 3650 and seed >= 0):
            raise InvalidInputError("a simulated market needs a seed from 0, and 1 to 3650 days and history_days")
        self.start = start.astimezone(UTC)
        self.end = self.start + timedelta(days=days)
        self.history_start = self.start - timedelta(days=history_days)
        if self.history_start < _EARLIEST_START:
            raise InvalidInputError(f"a simulated market's history cannot begin before {_EARLIEST_START.date()}")
        self._market = _generate(seed, self.history_start, history_days, days)

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        return self._market.slice(after, until)

    async def punks(self) -> pl.DataFrame:
        return self._market.punks

    async def eth_usd(self, until: date) -> pl.DataFrame:
        return self._market.closes(until)

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        return self._market.next_time(after)


def _generate(seed: int, began: datetime, history_days: int, days: int) -> RecordedMarket:
    # A stream each, so that a longer market only goes on where a shorter one of the same seed ends.
    streams = [np.random.Generator(np.random.PCG64(child)) for child in np.random.SeedSequence(seed).spawn(4)]
    punks, premium = draw_punks(streams[0])
    total = history_days + days
    climate = Climate.draw(streams[1], total)
    play = Play(seed, streams[2], began, premium, climate, flash_loan_day=history_days + _FLASH_LOAN_DAY)
    for day in range(total):
        play.day(day)
    return RecordedMarket(
        events=validate(play.frame(), "simulated market"),
        punks=validate_punks(punks, "simulated punks"),
        eth_usd=validate_eth_usd(_eth_usd(streams[3], began, total), "simulated ETH/USD"),
    )


def _eth_usd(rng: np.random.Generator, began: datetime, days: int) -> pl.DataFrame:
    """Closes from a week before the first event on: a geometric random walk."""
    count = days + 7
    walk = np.log(2_000.0) + np.cumsum(rng.normal(0.0, 0.028, count))
    first = began.date() - timedelta(days=7)
    return pl.DataFrame(
        {"date": [first + timedelta(days=day) for day in range(count)], "eth_usd": np.round(np.exp(walk), 2)},
        schema=ETH_USD_SCHEMA,
    )

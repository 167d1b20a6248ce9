"""A simulated market, for use without data: the same seed gives the same events, byte by byte.

`docs/simulated-market.md` describes the simulation and compares it with the real market. The parts are in
`shared.sources.simulation`.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

import polars as pl

from shared.errors import InvalidInputError
from shared.market.chain import MarketOrigin
from shared.sources.simulation.bad_data import BadData
from shared.sources.simulation.market import generate

_EARLIEST_START = datetime(2018, 1, 1, tzinfo=UTC)


class SimulatedMarket:
    """A market source with `history_days` of events before `start`, and `days` after it.

    Args:
        regime_break: from this day on, the floor is a third lower and other accessories are in demand.
        bad_data: defects of the data from `start` on, from `simulation.bad_data.KINDS`.

    Raises:
        InvalidInputError: the period is empty, too long or too early; the break is outside the period; a defect is
            unknown.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        days: int = 365,
        history_days: int = 250,
        start: datetime = datetime(2024, 1, 1, tzinfo=UTC),
        regime_break: date | None = None,
        bad_data: Collection[str] = (),
    ) -> None:
        if not (1 <= days <= 3650 and 1 <= history_days <= 3650 and seed >= 0):
            raise InvalidInputError("a simulated market needs a seed from 0, and 1 to 3650 days and history_days")
        self.start = start.astimezone(UTC)
        self.end = self.start + timedelta(days=days)
        self.history_start = self.start - timedelta(days=history_days)
        if self.history_start < _EARLIEST_START:
            raise InvalidInputError(f"a simulated market's history cannot begin before {_EARLIEST_START.date()}")
        if regime_break is not None and not self.history_start.date() < regime_break < self.end.date():
            raise InvalidInputError(
                f"regime_break must be a day after {self.history_start.date()} and before {self.end.date()}"
            )
        self.origin = MarketOrigin("simulated", f"a simulated market (seed {seed}, from {self.start:%Y-%m-%d})")
        self._bad_data = BadData(bad_data, self.start)
        self._market = generate(
            seed=seed,
            began=self.history_start,
            days=history_days + days,
            regime_break=regime_break,
            storm=self.start.date() if self._bad_data.has_storm else None,
        )

    async def fetch(self, after: tuple[int, int] | None, until: datetime) -> pl.DataFrame:
        return self._bad_data.events(self._market.slice(after, until))

    async def punks(self) -> pl.DataFrame:
        return self._bad_data.punks(self._market.punks)

    async def eth_usd(self, until: date) -> pl.DataFrame:
        return self._bad_data.eth_usd(self._market.closes(until))

    async def next_event_time(self, after: tuple[int, int] | None) -> datetime | None:
        return self._market.next_time(after)

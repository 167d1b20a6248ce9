"""Once a day, play the books over the whole record and store the result."""

import asyncio

import structlog

from services.backtester import reading, store
from shared.backtest.result import BacktestResult, result_of
from shared.backtest.simulation import Simulation
from shared.backtest.terms import Terms
from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import BacktestRequested
from shared.database.pool import Connection, Database
from shared.messaging.transaction import handling

log = structlog.get_logger(__name__)
CONSUMER = "backtests"


class Backtests:
    """A service of its own: minutes of computing must not delay a rollback."""

    def __init__(self, *, database: Database, clock: Clock, terms: Terms) -> None:
        self._database = database
        self._clock = clock
        self._terms = terms

    async def on_backtest_requested(self, message: Envelope) -> None:
        """Compute, then store under the message's id; skip if the record has not changed since the newest backtest."""
        assert isinstance(message.data, BacktestRequested)
        # All reads see one instant of the database; later publications belong to the next backtest.
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            reach = await reading.extent(connection)
            previous = await store.newest_fingerprint(connection)
            fresh = reach is not None and f"{reach.fingerprint}/{self._terms}" != previous
            result = await play(connection, reach, self._terms) if reach is not None and fresh else None
        async with handling(self._database, self._clock, consumer=CONSUMER, cause=message) as transaction:
            if result is None or reach is None:
                log.info("backtest.skipped", reason="nothing new on the record" if reach else "no nowcast yet")
                return
            fingerprint = f"{reach.fingerprint}/{self._terms}"
            await store.save(transaction.connection, message.id, result, fingerprint=fingerprint, at=self._clock.now())
            log.info("backtest.computed", days=result.last_day - result.first_day + 1, sales=result.sales)


async def play(connection: Connection, reach: reading.Extent, terms: Terms) -> BacktestResult | None:
    """Play the whole record day by day within an open transaction; computing runs in a thread."""
    simulation = Simulation(terms)
    async for day in reading.days(connection, reach, simulation, margin_bps=terms.margin_bps):
        await asyncio.to_thread(simulation.run_day, day)
    return await asyncio.to_thread(result_of, simulation)

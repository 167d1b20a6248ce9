"""The books over the record of a database, with the worker's own code."""

from __future__ import annotations

from services.backtester import reading
from services.backtester.handlers import play
from shared.backtest.result import BacktestResult
from shared.backtest.terms import Terms
from shared.errors import NotFoundError
from shared.runtime.platform import Platform


async def play_record(platform: Platform, terms: Terms) -> BacktestResult:
    """Play the books with `terms`; nothing is stored.

    Raises:
        NotFoundError: there is no nowcast yet.
    """
    async with (
        platform.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        reach = await reading.extent(connection)
        result = None if reach is None else await play(connection, reach, terms)
    if result is None:
        raise NotFoundError("no nowcast has been published yet; `punkcast replay` or `punkcast serve` makes a record")
    return result

"""Notifications of the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from services.api.problems import DATABASE_ERRORS
from shared.database.pool import Connection


@asynccontextmanager
async def listening(connection: Connection, *channels: str) -> AsyncIterator[asyncio.Event]:
    """An event that is set by each notification on the channels, and when the connection ends."""
    notified = asyncio.Event()

    def notify(*_: object) -> None:
        notified.set()

    for channel in channels:
        await connection.add_listener(channel, notify)
    connection.add_termination_listener(notify)
    try:
        yield notified
    finally:
        connection.remove_termination_listener(notify)
        for channel in () if connection.is_closed() else channels:
            with suppress(*DATABASE_ERRORS):
                await asyncio.wait_for(connection.remove_listener(channel, notify), 1.0)

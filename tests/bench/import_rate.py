"""Events a second from the Parquet file into PostgreSQL, beside a bare COPY of the same rows."""

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from shared.database.pool import Database
from shared.sources.event_files import EventFileSource
from shared.stores import event_repository
from tests.bench.measured import Measured, copy_seconds

RUNS = 3


async def import_rate(url: str, home: Path, events: Path) -> list[Measured]:
    """Reading, validating and appending the whole history; every run but the last is rolled back."""
    database = await Database.connect(url)
    try:
        seconds, rows = [], 0
        for run in range(RUNS):
            started = time.perf_counter()
            source = EventFileSource(events)
            frame = await source.fetch(None, datetime(9999, 1, 1, tzinfo=UTC))
            async with database.connection() as connection:
                transaction = connection.transaction()
                await transaction.start()
                rows = (await event_repository.append_events(connection, frame)).appended
                await (transaction.commit() if run == RUNS - 1 else transaction.rollback())
            seconds.append(time.perf_counter() - started)
        body = frame.write_csv(include_header=False).encode()
        bare = median([await copy_seconds(database, frame.width, body) for _ in range(RUNS)])
        async with database.transaction() as connection:
            await event_repository.store_punks(connection, await source.punks())
            await event_repository.store_eth_usd(connection, await source.eth_usd(datetime.now(UTC).date()))
        return [Measured("import of all events, file to PostgreSQL", rows / median(seconds), "events/s", rows / bare)]
    finally:
        await database.close()

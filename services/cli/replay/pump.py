"""Carry messages in one process, deterministically and without losing any to a kill.

The in-process bus keeps its queues in memory. So an outbox row is deleted only after everything it caused has been
handled: killed in between, the row is still there and the inbox knows what was already done.
"""

from __future__ import annotations

from shared.contracts.envelope import decode
from shared.database.pool import Database
from shared.messaging.memory import MemoryBus

PENDING_SQL = "select id, body from outbox order by id limit 100"
HANDLED_SQL = "delete from outbox where id = any ($1::bigint[])"


async def settle(database: Database, bus: MemoryBus) -> None:
    """Deliver until no queue has a due message and the outbox is empty."""
    while True:
        await bus.run_until_idle()
        async with database.connection() as connection:
            rows = await connection.fetch(PENDING_SQL)
        if not rows:
            return
        for row in rows:
            await bus.publish(decode(bytes(row["body"])))
        await bus.run_until_idle()
        async with database.connection() as connection:
            await connection.execute(HANDLED_SQL, [row["id"] for row in rows])

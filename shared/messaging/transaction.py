"""One commit per handled message: the inbox entry, the effects, and the resulting messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.clock import Clock
from shared.contracts.envelope import Envelope
from shared.contracts.messages import Payload
from shared.database.pool import Connection, Database
from shared.messaging import failpoints

ONE_CONSUMER: Final = "only:"
"""Begins the routing key of an outbox row that goes to one consumer's queue, not to all that are bound to a type."""
_ENTER_INBOX_SQL = """
    insert into inbox (consumer, message_id, type, handled_at) values ($1, $2, $3, $4)
    on conflict do nothing
    returning message_id
"""
# Some ids follow from what a message says, so a conflict means the same message, or one of another type.
_ENTER_OUTBOX_SQL = """
    insert into outbox (message_id, routing_key, body, traceparent, created_at) values ($1, $2, $3, $4, $5)
    on conflict (message_id) do nothing
    returning message_id
"""
# The column is the row's key: the previous release needs it to be unique, so a second type gets a key of its own.
_ENTER_OUTBOX_BESIDE_SQL = """
    insert into outbox (message_id, routing_key, body, traceparent, created_at)
    select $1, $2, $3, $4, $5
    where not exists (select from outbox where message_id = $6 and routing_key = $2)
    on conflict (message_id) do nothing
"""
_PURGE_INBOX_SQL = "delete from inbox where handled_at < $1"


class AlreadyHandledError(Exception):
    """The inbox already has this consumer and message. The bus acknowledges the duplicate silently."""


class NotOnRecordError(Exception):
    """A message tells what no table has. The bus drops it with a warning; its id stays free."""


@dataclass(frozen=True)
class Transaction:
    """An open transaction: write with `connection`, publish with `emit`."""

    connection: Connection
    clock: Clock
    source: str
    cause: Envelope | None = None

    async def emit(self, payload: Payload, *, message_id: UUID | None = None) -> UUID:
        """Put a message into the outbox; it is published if and only if this transaction commits.

        A message that is there already, by type and id, is not put there again.

        Returns:
            The message's id: `message_id`, or a new one.
        """
        now = self.clock.now()
        envelope = Envelope.wrap(payload, source=self.source, time=now, message_id=message_id, cause=self.cause)
        row = (envelope.type, envelope.encode(), envelope.traceparent, now)
        if await self.connection.fetchval(_ENTER_OUTBOX_SQL, envelope.id, *row) is None:
            key = uuid5(envelope.id, envelope.type)
            await self.connection.execute(_ENTER_OUTBOX_BESIDE_SQL, key, *row, envelope.id)
        return envelope.id


@asynccontextmanager
async def handling(database: Database, clock: Clock, *, consumer: str, cause: Envelope) -> AsyncIterator[Transaction]:
    """Handle `cause` exactly once for `consumer`: commit on exit, roll back on an exception.

    A concurrent second delivery waits here for the first one's commit.

    Raises:
        AlreadyHandledError: `consumer` has already committed this message.
    """
    async with database.transaction() as connection:
        if await connection.fetchval(_ENTER_INBOX_SQL, consumer, cause.id, cause.type, clock.now()) is None:
            raise AlreadyHandledError(f"{consumer} has already handled {cause.type} {cause.id}")
        yield Transaction(connection, clock, source=consumer, cause=cause)
        failpoints.passing("before-commit")
    failpoints.passing("after-commit")


@asynccontextmanager
async def originating(database: Database, clock: Clock, *, source: str) -> AsyncIterator[Transaction]:
    """A transaction without a causing message: a policy loop or an operator's action."""
    async with database.transaction() as connection:
        yield Transaction(connection, clock, source=source)
        failpoints.passing("before-commit")
    failpoints.passing("after-commit")


async def hand_over(transaction: Transaction, consumer: str, body: bytes) -> None:
    """Put a message into the outbox for one consumer alone."""
    key = uuid5(NAMESPACE_OID, f"{consumer}/{sha256(body).hexdigest()}")
    await transaction.connection.execute(
        _ENTER_OUTBOX_SQL, key, f"{ONE_CONSUMER}{consumer}", body, None, transaction.clock.now()
    )


async def purge_inbox(connection: Connection, *, before: datetime) -> int:
    """Delete inbox entries handled before `before`, which must be older than any possible redelivery.

    Returns:
        The number of deleted entries.
    """
    status: str = await connection.execute(_PURGE_INBOX_SQL, before)
    return int(status.rpartition(" ")[2])

"""The messages that must have been handled, derived from those sent and from the recorded decisions."""

from uuid import UUID, uuid5

import asyncpg

from shared.contracts.messages import ContenderRejected, ModelPromoted, ModelRolledBack, Payload, ShadowStarted
from tests.chaos.load import Sent

DECISIONS_SQL = (
    "select decision_id, action from decisions where action in ('promote', 'rollback', 'start_shadow', 'reject')"
)
POLICY_REQUESTS_SQL = "select request_id from training_requests where requested_by = 'retrain-policy'"
INBOX_SQL = "select consumer, message_id from inbox"
OPEN_REQUESTS_SQL = """
select request_id, status, attempts, error from training_requests where status in ('queued', 'running')
"""
UNJUDGED_SQL = "select model_id from models where state = 'registered'"
OUTBOX_SQL = "select routing_key, created_at from outbox order by id"


async def handled(connection: asyncpg.Connection) -> dict[str, set[UUID]]:
    """The inbox, by consumer."""
    inbox: dict[str, set[UUID]] = {}
    for row in await connection.fetch(INBOX_SQL):
        inbox.setdefault(row["consumer"], set()).add(row["message_id"])
    return inbox


async def expected(connection: asyncpg.Connection, sent: Sent) -> dict[str, set[UUID]]:
    """Exactly the messages that each consumer with a predictable inbox must have handled."""
    types: dict[str, type[Payload]] = {
        "promote": ModelPromoted,
        "rollback": ModelRolledBack,
        "start_shadow": ShadowStarted,
        "reject": ContenderRejected,
    }
    emitted: dict[str, set[UUID]] = {action: set() for action in types}
    for row in await connection.fetch(DECISIONS_SQL):
        emitted[row["action"]].add(uuid5(row["decision_id"], types[row["action"]].TYPE))
    changes = emitted["promote"] | emitted["rollback"]
    from_policy = {row["request_id"] for row in await connection.fetch(POLICY_REQUESTS_SQL)}
    return {
        "ingestor": sent.ticks["ingest"],
        "nowcaster": sent.ticks["nowcast"] | changes,
        "trainer": {request.message_id for request in sent.requests} | from_policy,
        "monitor": sent.ticks["monitor"]
        | sent.ticks["retrain_check"]
        | changes
        | emitted["start_shadow"]
        | emitted["reject"],
    }


async def missing(connection: asyncpg.Connection, sent: Sent) -> list[str]:
    """Descriptions of unfinished work; empty when everything is done."""
    inbox = await handled(connection)
    lines = [
        f"{consumer} has {len(open_ids)} messages to handle"
        for consumer, expected_ids in (await expected(connection, sent)).items()
        if (open_ids := expected_ids - inbox.get(consumer, set()))
    ]
    lines += [
        f"training request {row['request_id']} is {row['status']} after {row['attempts']} attempts ({row['error']})"
        for row in await connection.fetch(OPEN_REQUESTS_SQL)
    ]
    lines += [f"{row['model_id']} waits for the gatekeeper" for row in await connection.fetch(UNJUDGED_SQL)]
    lines += [
        f"{row['routing_key']} of {row['created_at']} is still in the outbox"
        for row in await connection.fetch(OUTBOX_SQL)
    ]
    return lines

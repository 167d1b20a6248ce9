"""Answers already given, by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection

HOLD_SQL = "select pg_advisory_xact_lock(hashtextextended('punkcast.idempotency.' || $1 || '/' || $2, 0))"
FIND_SQL = """
select request_sha256, response_status, response_body from idempotency_keys where key_id = $1 and idempotency_key = $2
"""
KEEP_SQL = """
insert into idempotency_keys (key_id, idempotency_key, request_sha256, response_status, response_body, created_at)
values ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True)
class IdempotentAnswer:
    """What was answered to the first request with a key."""

    request_sha256: str
    response_status: int
    response_body: str


async def hold(connection: Connection, key_id: str, key: str) -> None:
    """Until this transaction ends nobody else answers a request with this key."""
    await connection.execute(HOLD_SQL, key_id, key)


async def find(connection: Connection, key_id: str, key: str) -> IdempotentAnswer | None:
    row = await connection.fetchrow(FIND_SQL, key_id, key)
    return IdempotentAnswer(**row) if row else None


async def keep(connection: Connection, key_id: str, key: str, answer: IdempotentAnswer, *, at: datetime) -> None:
    await connection.execute(
        KEEP_SQL, key_id, key, answer.request_sha256, answer.response_status, answer.response_body, at
    )

"""Freezes: while one is in force nothing is promoted automatically. Only a person lifts it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection

_COLUMNS = "freeze_id, actor, reason, starts_at, expires_at, lifted_at, lifted_by"
INSERT_SQL = """
insert into freezes (freeze_id, actor, reason, starts_at, expires_at) values ($1, $2, $3, $4, $5)
on conflict (freeze_id) do nothing
"""
IN_FORCE_SQL = f"""
select {_COLUMNS} from freezes
where lifted_at is null and starts_at <= $1 and (expires_at is null or expires_at > $1)
order by starts_at
limit 1
"""
LIFT_SQL = """
update freezes set lifted_at = $2, lifted_by = $3 where freeze_id = $1 and lifted_at is null returning freeze_id
"""


@dataclass(frozen=True)
class Freeze:
    freeze_id: UUID
    actor: str
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None


async def freeze(
    connection: Connection,
    freeze_id: UUID,
    *,
    actor: str,
    reason: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Freeze promotions (idempotent by id); without `expires_at` until a person lifts it."""
    await connection.execute(INSERT_SQL, freeze_id, actor, reason, at, expires_at)


async def in_force(connection: Connection, *, at: datetime) -> Freeze | None:
    """The oldest freeze in force."""
    row = await connection.fetchrow(IN_FORCE_SQL, at)
    return None if row is None else Freeze(**dict(row))


async def lift(connection: Connection, freeze_id: UUID, *, actor: str, at: datetime) -> bool:
    """Lift a freeze; False when it is unknown or lifted already."""
    return await connection.fetchval(LIFT_SQL, freeze_id, at, actor) is not None

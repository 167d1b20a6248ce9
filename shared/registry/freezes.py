"""Freezes of automatic promotions. A freeze ends when it expires or a person lifts it."""

from datetime import datetime
from uuid import UUID, uuid4

from pydantic import BaseModel

from shared.database.pool import Connection
from shared.errors import NotFoundError
from shared.messaging.transaction import Transaction
from shared.registry.alerts import raise_alert
from shared.registry.said import said

IS_IN_FORCE = "lifted_at is null and starts_at <= $1 and (expires_at is null or expires_at > $1)"
"""SQL: true of a row of `freezes` while it freezes promotions; $1 is the instant."""
_COLUMNS = f"""freeze_id, actor, reason, starts_at, expires_at, lifted_at, lifted_by,
       {IS_IN_FORCE} as in_force"""
INSERT_SQL = """
insert into freezes (freeze_id, actor, reason, starts_at, expires_at) values ($1, $2, $3, $4, $5)
on conflict (freeze_id) do nothing
"""
IN_FORCE_SQL = f"select * from (select {_COLUMNS} from freezes) f where in_force order by starts_at limit 1"
SELECT_SQL = f"select {_COLUMNS} from freezes where freeze_id = $2"
LIST_SQL = f"""
select * from (select {_COLUMNS} from freezes) f
where $2::boolean is null or in_force = $2
order by starts_at desc, freeze_id
limit $3
"""
LIFT_SQL = """
update freezes set lifted_at = $2, lifted_by = $3 where freeze_id = $1 and lifted_at is null returning freeze_id
"""


class Freeze(BaseModel, frozen=True):
    """A freeze of automatic promotions; `in_force` at the instant of the query."""

    freeze_id: UUID
    actor: str
    reason: str
    starts_at: datetime
    expires_at: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None
    in_force: bool


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


async def freeze_by_person(transaction: Transaction, *, actor: str, reason: str, expires_at: datetime | None) -> Freeze:
    """Freeze promotions from now on, and raise the alert. Raises InvalidInputError: as `said`."""
    actor, reason = said(actor, reason)
    identity, now = uuid4(), transaction.clock.now()
    await freeze(transaction.connection, identity, actor=actor, reason=reason, at=now, expires_at=expires_at)
    summary = f"promotions are frozen by {actor}: {reason}"
    await raise_alert(transaction, "freeze", "info", summary, key=str(identity))
    return await get(transaction.connection, identity, at=now)


async def in_force(connection: Connection, *, at: datetime) -> Freeze | None:
    """The oldest freeze in force."""
    row = await connection.fetchrow(IN_FORCE_SQL, at)
    return None if row is None else Freeze(**row)


async def get(connection: Connection, freeze_id: UUID, *, at: datetime) -> Freeze:
    """The freeze. Raises NotFoundError: no such freeze."""
    row = await connection.fetchrow(SELECT_SQL, at, freeze_id)
    if row is None:
        raise NotFoundError(f"freeze {freeze_id} does not exist; list the freezes to see their ids")
    return Freeze(**row)


async def listing(
    connection: Connection, *, at: datetime, in_force: bool | None = None, limit: int = 200
) -> list[Freeze]:
    """Newest first; only those in force at `at`, or only the others, when `in_force` says so."""
    return [Freeze(**row) for row in await connection.fetch(LIST_SQL, at, in_force, limit)]


async def lift(connection: Connection, freeze_id: UUID, *, actor: str, at: datetime) -> bool:
    """Lift a freeze; False when it is unknown or lifted already. Raises InvalidInputError: as `said`."""
    actor, _ = said(actor, "lifted")
    return await connection.fetchval(LIFT_SQL, freeze_id, at, actor) is not None

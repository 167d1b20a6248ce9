"""Models that the running code cannot serve although their files are sound.

Each has a record from the first nowcast cycle that met it. A champion's record ends when any champion is valued again;
a standby model's record ends when the model is valued, or no longer runs.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.database.pool import Connection
from shared.database.text import storable
from shared.registry.models import Role

ASK_AGAIN = timedelta(hours=1)
"""Until a contender registered since has been judged: an older trainer may have taken the request."""
ASK_DAILY = timedelta(days=1)
"""After the gate has judged one: a contender left undecided or rejected needs new sales, or a person."""

IS_OPEN_FOR_CHAMPION = "role = 'champion' and cleared_at is null"
"""SQL: true of a row of `unsupported_models` while some code cannot serve the champion."""
# One open row for each model and code: replicas and redeliveries find it.
OPEN_SQL = """
insert into unsupported_models (model_id, code, role, reason, since) values ($1, $2, $3, $4, $5)
on conflict (model_id, code) where cleared_at is null do nothing
returning model_id
"""
ASK_SQL = """
update unsupported_models u set asked_at = $3
where u.model_id = $1 and u.code = $2 and u.cleared_at is null
  and (u.asked_at is null or u.asked_at <= $3::timestamptz - case when exists (
          select from decisions d join models m on m.model_id = d.subject_model
          where d.kind = 'gate' and m.registered_at > u.since
      ) then $5::interval else $4::interval end)
returning u.model_id
"""
CLEAR_SQL = """
update unsupported_models set cleared_at = $2
where cleared_at is null and (role = 'champion' or not model_id = any($1::text[]))
returning model_id
"""
FIND_SQL = """
select model_id, code, role, reason, since from unsupported_models
where model_id = $1 and cleared_at is null
order by since limit 1
"""


@dataclass(frozen=True)
class UnsupportedModel:
    """An open record: this `code` cannot serve the model, which it met as `role`; `since` is UTC."""

    model_id: str
    code: str
    role: Role
    reason: str
    since: datetime


async def note(connection: Connection, record: UnsupportedModel) -> bool:
    """Store the record; False when an open one exists already."""
    fields = (record.model_id, record.code, record.role, storable(record.reason), record.since)
    return await connection.fetchval(OPEN_SQL, *fields) is not None


async def time_to_ask(connection: Connection, model_id: str, code: str, *, at: datetime) -> bool:
    """Whether to request a contender now because of the record; a yes is stored.

    At once, then hourly until the gate has judged a contender registered since, then daily.
    """
    return await connection.fetchval(ASK_SQL, model_id, code, at, ASK_AGAIN, ASK_DAILY) is not None


async def clear(connection: Connection, *, still: Collection[str], at: datetime) -> list[str]:
    """End the records once a champion is published, except those of `still`. Returns the models whose record ended."""
    return [row["model_id"] for row in await connection.fetch(CLEAR_SQL, list(still), at)]


async def find(connection: Connection, model_id: str) -> UnsupportedModel | None:
    """The model's oldest open record; None: every code that met it can serve it."""
    row = await connection.fetchrow(FIND_SQL, model_id)
    return None if row is None else UnsupportedModel(**dict(row))

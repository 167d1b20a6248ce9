"""Promotions: a promoted model is on probation until it is confirmed, rolled back or superseded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database.pool import Connection

State = Literal["warm_up", "watching", "confirmed", "rolled_back", "superseded"]
Ending = Literal["confirmed", "rolled_back", "superseded"]

IS_OPEN = "state in ('warm_up', 'watching')"
"""SQL: true of a row of `promotions` while its model is on probation."""
_COLUMNS = "promotion_id, model_id, previous_model_id, state, started_at, ended_at"
SUPERSEDE_SQL = f"update promotions set state = 'superseded', ended_at = $1 where {IS_OPEN}"
INSERT_SQL = """
insert into promotions (promotion_id, model_id, previous_model_id, state, started_at)
values ($1, $2, $3, 'warm_up', $4)
"""
OPEN_SQL = f"select {_COLUMNS} from promotions where {IS_OPEN}"
WATCH_SQL = "update promotions set state = 'watching' where promotion_id = $1 and state = 'warm_up'"
END_SQL = f"""
update promotions set state = $2, ended_at = $3
where promotion_id = $1 and {IS_OPEN}
returning promotion_id
"""
UNFINISHED_SQL = """
select p.previous_model_id
from (select * from promotions where model_id = $1 order by started_at desc, promotion_id limit 1) p
join models m on m.model_id = p.previous_model_id
where p.state = 'superseded' and m.state = 'retired'
"""


@dataclass(frozen=True)
class Promotion:
    """`previous_model_id` is the fallback: the model that a rollback restores."""

    promotion_id: UUID
    model_id: str
    previous_model_id: str | None
    state: State
    started_at: datetime
    ended_at: datetime | None


async def begin(
    connection: Connection, promotion_id: UUID, *, model_id: str, previous_model_id: str | None, at: datetime
) -> None:
    """Open a promotion in warm-up; one that was still open is superseded. `promotion_id` is the decision's."""
    await connection.execute(SUPERSEDE_SQL, at)
    await connection.execute(INSERT_SQL, promotion_id, model_id, previous_model_id, at)


async def current(connection: Connection) -> Promotion | None:
    """The open promotion."""
    row = await connection.fetchrow(OPEN_SQL)
    return None if row is None else Promotion(**row)


async def watch(connection: Connection, promotion_id: UUID) -> None:
    """The warm-up is over (idempotent)."""
    await connection.execute(WATCH_SQL, promotion_id)


async def end(connection: Connection, promotion_id: UUID, state: Ending, *, at: datetime) -> bool:
    """Close it; False when it was closed before."""
    return await connection.fetchval(END_SQL, promotion_id, state, at) is not None


async def unfinished(connection: Connection, model_id: str) -> str | None:
    """The predecessor that the model was compared with when its own promotion was superseded.

    None: the model was confirmed or was the first champion, or the predecessor may not be champion again.
    """
    predecessor: str | None = await connection.fetchval(UNFINISHED_SQL, model_id)
    return predecessor

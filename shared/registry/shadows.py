"""Shadows: contenders that value every punk beside the champion, unpublished, until a sequential test ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from shared.database.pool import Connection

Outcome = Literal["not_worse", "worse", "expired", "superseded"]

_COLUMNS = (
    "s.model_id, s.champion_id, s.decision_id, d.decided_at as first_started_at, s.started_at, s.ended_at, s.outcome"
)
START_SQL = """
insert into shadows (model_id, champion_id, decision_id, started_at) values ($1, $2, $3, $4)
on conflict (model_id) do nothing
"""
RUNNING_SQL = f"""
select {_COLUMNS} from shadows s join decisions d using (decision_id)
where s.ended_at is null order by s.started_at, s.model_id
"""
SELECT_SQL = f"select {_COLUMNS} from shadows s join decisions d using (decision_id) where s.model_id = $1"
COUNT_RUNNING_SQL = "select count(*) from shadows where ended_at is null"
RESTART_SQL = """
update shadows set champion_id = $1, started_at = $2
where ended_at is null and champion_id <> $1
returning model_id
"""
END_SQL = """
update shadows set ended_at = $3, outcome = $2 where model_id = $1 and ended_at is null returning model_id
"""


@dataclass(frozen=True)
class Shadow:
    """`started_at` is when it began to run against `champion_id`, `first_started_at` when it began at all."""

    model_id: str
    champion_id: str
    decision_id: UUID
    first_started_at: datetime
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None

    @property
    def test_id(self) -> str:
        """A restart against another champion is another test."""
        return f"shadow:{self.model_id}:{self.started_at.isoformat()}"


async def start(connection: Connection, model_id: str, *, champion_id: str, decision_id: UUID, at: datetime) -> None:
    """Begin to run beside the champion (idempotent)."""
    await connection.execute(START_SQL, model_id, champion_id, decision_id, at)


async def running(connection: Connection) -> list[Shadow]:
    """Oldest first."""
    return [_shadow(row) for row in await connection.fetch(RUNNING_SQL)]


async def get(connection: Connection, model_id: str) -> Shadow | None:
    row = await connection.fetchrow(SELECT_SQL, model_id)
    return None if row is None else _shadow(row)


async def count_running(connection: Connection) -> int:
    return int(await connection.fetchval(COUNT_RUNNING_SQL))


async def restart(connection: Connection, *, champion_id: str, at: datetime) -> list[str]:
    """The champion changed: every running shadow starts a new test against the new one. Returns their ids.

    Its values go on being computed, so a restart costs nothing but the sales counted so far; its days go on counting.
    """
    return [row["model_id"] for row in await connection.fetch(RESTART_SQL, champion_id, at)]


async def end(connection: Connection, model_id: str, outcome: Outcome, *, at: datetime) -> bool:
    """Stop running; False when it was stopped before."""
    return await connection.fetchval(END_SQL, model_id, outcome, at) is not None


def _shadow(row: asyncpg.Record) -> Shadow:
    return Shadow(**dict(row))

"""Shadows: contenders that value every punk without publishing, until a sequential test against the champion ends."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
import numpy as np
from pydantic import BaseModel, Field

from shared.database.pool import Connection
from shared.evaluation.arrays import Floats, Ints
from shared.evaluation.judgement import FreshSales
from shared.registry import sequential
from shared.units import DAY_S, WEI_PER_ETH

Outcome = Literal["not_worse", "worse", "expired", "superseded"]

_COLUMNS = """s.model_id, s.champion_id, s.decision_id, d.decided_at as first_started_at, s.started_at, s.ended_at,
       s.outcome, d.expires_at"""
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
LIST_SQL = f"""
select {_COLUMNS} from shadows s join decisions d using (decision_id)
where $1::boolean or s.ended_at is null
order by s.started_at desc, s.model_id
limit $2
"""
TESTS_SQL = "select test_id, n, wealth_worse, wealth_better from monitor_tests where test_id = any($1::text[])"
OUTCOMES_SQL = """
select s.price_wei, o.floor_wei, o.value_wei, s.event_time, o.in80, o.in90
from outcomes o join current_sales s using (event_seq)
where o.model_id = $1 and o.horizon = 'latest' and s.event_time >= $2
order by s.event_seq
"""
END_SQL = """
update shadows set ended_at = $3, outcome = $2 where model_id = $1 and ended_at is null returning model_id
"""


class Shadow(BaseModel, frozen=True):
    """A contender that values every punk next to the champion."""

    model_id: str
    champion_id: str
    decision_id: UUID
    first_started_at: datetime
    started_at: Annotated[datetime, Field(description="Of the test against this champion")]
    ended_at: datetime | None
    outcome: Outcome | None
    expires_at: Annotated[datetime | None, Field(description="When it ends as inconclusive")]

    @property
    def test_id(self) -> str:
        """A restart against another champion is another test."""
        return f"shadow:{self.model_id}:{self.started_at.isoformat()}"


class ShadowDocument(Shadow, frozen=True):
    """A shadow and the progress of its test against the champion."""

    age_days: float
    sales: Annotated[int, Field(description="Transactions that the test has counted")]
    e_not_worse: Annotated[float, Field(description="Evidence that it is not worse than the champion by the margin")]
    e_worse: float


async def start(connection: Connection, model_id: str, *, champion_id: str, decision_id: UUID, at: datetime) -> None:
    """Start a shadow of the champion (idempotent)."""
    await connection.execute(START_SQL, model_id, champion_id, decision_id, at)


async def running(connection: Connection) -> list[Shadow]:
    """Oldest first."""
    return [Shadow(**row) for row in await connection.fetch(RUNNING_SQL)]


async def progress(
    connection: Connection, *, at: datetime, ended: bool = False, limit: int = 100
) -> list[ShadowDocument]:
    """Running shadows, with `ended` those that ended too, newest first; `at` is now."""
    listed = [Shadow(**row) for row in await connection.fetch(LIST_SQL, ended, limit)]
    names = [await sequential.name_of(connection, shadow.test_id) for shadow in listed]
    tests = {row["test_id"]: row for row in await connection.fetch(TESTS_SQL, names)}
    return [_progress(shadow, tests.get(name), at) for shadow, name in zip(listed, names, strict=True)]


async def outcomes(connection: Connection, model_id: str, *, since: datetime) -> FreshSales:
    """The shadow's scored sales since then, in the order of their events."""
    rows = await connection.fetch(OUTCOMES_SQL, model_id, since)

    def eth(column: str) -> Floats:
        return np.array([float(row[column]) / WEI_PER_ETH for row in rows], dtype=np.float64)

    def whole(numbers: Iterable[object]) -> Ints:
        return np.array(list(numbers), dtype=np.int64)

    return FreshSales(
        price=eth("price_wei"),
        floor=eth("floor_wei"),
        value=eth("value_wei"),
        time=whole(int(row["event_time"].timestamp()) for row in rows),
        in80=whole(row["in80"] for row in rows),
        in90=whole(row["in90"] for row in rows),
    )


async def get(connection: Connection, model_id: str) -> Shadow | None:
    row = await connection.fetchrow(SELECT_SQL, model_id)
    return None if row is None else Shadow(**row)


async def count_running(connection: Connection) -> int:
    return int(await connection.fetchval(COUNT_RUNNING_SQL))


async def restart(connection: Connection, *, champion_id: str, at: datetime) -> list[str]:
    """After a change of champion, start a new test of every running shadow against the new one. Returns their ids.

    The shadow keeps its values and its days; only the sales counted so far are lost.
    """
    return [row["model_id"] for row in await connection.fetch(RESTART_SQL, champion_id, at)]


async def end(connection: Connection, model_id: str, outcome: Outcome, *, at: datetime) -> bool:
    """Stop running; False when it was stopped before."""
    return await connection.fetchval(END_SQL, model_id, outcome, at) is not None


def _progress(shadow: Shadow, test: asyncpg.Record | None, at: datetime) -> ShadowDocument:
    worse, better = ([1.0], [1.0]) if test is None else (test["wealth_worse"], test["wealth_better"])
    return ShadowDocument(
        **shadow.model_dump(),
        age_days=((shadow.ended_at or at) - shadow.first_started_at).total_seconds() / DAY_S,
        sales=0 if test is None else test["n"],
        e_not_worse=sum(better) / len(better),
        e_worse=sum(worse) / len(worse),
    )

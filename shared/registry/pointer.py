"""The model pointer: one row that moves only by compare-and-swap, each time with a recorded decision.

A swap moves the models' states with it: whoever holds the pointer is the champion. Every swap runs under one advisory
lock, so that two of them never interleave.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from shared.database.pool import Connection
from shared.registry import models
from shared.registry.decisions import Decision

_LOCK_KEY = 0x70756E6B63617374  # "punkcast"

LOCK_SQL = "select pg_advisory_xact_lock($1)"
READ_SQL = "select model_id, previous_model_id, generation, decision_id, moved_at from model_pointer"
APPLIED_SQL = "select generation from model_pointer_history where decision_id = $1"
_MOVE = "generation, model_id, previous_model_id, decision_id, moved_at"
MOVED_BY_SQL = f"select {_MOVE} from model_pointer_history where generation = $1"
AT_SQL = f"""
select {_MOVE} from model_pointer_history where moved_at <= $1 order by generation desc limit 1
"""
REIGNS_SQL = f"select {_MOVE} from model_pointer_history where model_id = $1 order by generation"
# The first champion had no predecessor to compare with, so it counts as confirmed until another one is.
CONFIRMED_SQL = """
select c.model_id
from (
    select model_id, ended_at from promotions where state = 'confirmed'
    union all
    select model_id, '-infinity' from model_pointer_history where generation = 1
) c
join models m on m.model_id = c.model_id and m.state in ('champion', 'retired')
order by c.ended_at desc
limit 1
"""
CREATE_SQL = """
insert into model_pointer (only_row, model_id, previous_model_id, generation, decision_id, moved_at)
values (true, $1, $2, 1, $3, $4)
"""
SWAP_SQL = """
update model_pointer
set model_id = $1, previous_model_id = $2, generation = generation + 1, decision_id = $3, moved_at = $4
where generation = $5
returning generation
"""


class Reign(BaseModel, frozen=True):
    """A move of the model pointer to a model."""

    generation: Annotated[int, Field(description="Of the model pointer")]
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime


class Pointer(Reign, frozen=True):
    """Position of the pointer. Before the first promotion it does not exist, and its generation counts as 0."""

    model_id: str


@dataclass(frozen=True)
class Swapped:
    """The pointer moved."""

    generation: int
    replaced: str | None


@dataclass(frozen=True)
class Stale:
    """The pointer moved after the evidence was gathered. Nothing was written; gather the evidence again."""

    expected: int
    actual: int


@dataclass(frozen=True)
class AlreadyApplied:
    """This decision moved the pointer before. Nothing was written."""

    generation: int


Outcome = Swapped | Stale | AlreadyApplied


async def lock(connection: Connection) -> None:
    """Block every other swap until this transaction ends."""
    await connection.execute(LOCK_SQL, _LOCK_KEY)


async def read(connection: Connection) -> Pointer | None:
    row = await connection.fetchrow(READ_SQL)
    return None if row is None else Pointer(**row)


def generation_of(at: Pointer | None) -> int:
    """The pointer's generation; 0 before the first promotion."""
    return 0 if at is None else at.generation


async def at_generation(connection: Connection, generation: int) -> Pointer | None:
    """The pointer at one of its generations."""
    row = await connection.fetchrow(MOVED_BY_SQL, generation)
    return None if row is None else Pointer(**row)


async def champion_at(connection: Connection, instant: datetime) -> Pointer | None:
    """The champion of an instant; None before the first one."""
    row = await connection.fetchrow(AT_SQL, instant)
    return None if row is None else Pointer(**row)


async def reigns(connection: Connection, model_id: str) -> list[Reign]:
    """The moves of the pointer to the model, oldest first."""
    return [Reign(**row) for row in await connection.fetch(REIGNS_SQL, model_id)]


async def confirmed(connection: Connection) -> str | None:
    """The newest confirmed champion that was not rolled back since; without one, the first champion."""
    identity: str | None = await connection.fetchval(CONFIRMED_SQL)
    return identity


async def obstacle(connection: Connection, decision: Decision) -> Stale | AlreadyApplied | None:
    """The reason why the decision cannot move the pointer, or None. Locks the pointer for this transaction."""
    await lock(connection)
    generation = await connection.fetchval(APPLIED_SQL, decision.decision_id)
    if generation is not None:
        return AlreadyApplied(generation)
    at = await read(connection)
    actual = generation_of(at)
    return None if actual == decision.expected_generation else Stale(decision.expected_generation, actual)


async def promote(connection: Connection, decision: Decision) -> Outcome:
    """Make the decision's model the champion: an evaluated contender, a shadow or a former champion.

    The present champion retires. A decision that overrides may promote a rejected or rolled-back model, too; the
    database demands that decision. The decision must have been recorded in this transaction or before.

    Raises:
        ConflictError: the model is in no state from which it may be promoted.
    """
    if (refusal := await obstacle(connection, decision)) is not None:
        return refusal
    model_id, at = decision.subject_model, await read(connection)
    replaced = None if at is None else at.model_id
    if replaced is not None:
        await models.transition(connection, replaced, expected="champion", to="retired")
    state = (await models.get(connection, model_id)).state
    promotable = ("shadow", "retired", "rejected", "rolled_back") if decision.overrides else ("shadow", "retired")
    source: models.State = state if state in promotable else "evaluated"
    await models.transition(connection, model_id, expected=source, to="champion")
    return await _swap(connection, model_id, replaced, decision)


async def rollback(connection: Connection, decision: Decision, *, to: str, predecessor: str | None = None) -> Outcome:
    """Demote the champion (`rolled_back`) and restore the retired model `to`, with `predecessor` as its fallback.

    Raises:
        ConflictError: `to` is not retired; it may have failed itself.
    """
    if (refusal := await obstacle(connection, decision)) is not None:
        return refusal
    at = await read(connection)
    if at is None:
        return Stale(decision.expected_generation, 0)
    fallen = at.model_id
    await models.transition(connection, fallen, expected="champion", to="rolled_back")
    await models.transition(connection, to, expected="retired", to="champion")
    moved = await _swap(connection, to, predecessor, decision)
    return Swapped(moved.generation, fallen)


async def _swap(connection: Connection, model_id: str, previous: str | None, decision: Decision) -> Swapped:
    identity, at, expected = decision.decision_id, decision.decided_at, decision.expected_generation
    if expected == 0:
        await connection.execute(CREATE_SQL, model_id, previous, identity, at)
        return Swapped(1, previous)
    generation = await connection.fetchval(SWAP_SQL, model_id, previous, identity, at, expected)
    assert generation is not None, "the pointer moved although the swap lock is held"
    return Swapped(generation, previous)

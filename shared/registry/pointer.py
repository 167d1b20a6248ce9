"""The model pointer: one row that moves only by compare-and-swap, each time with a recorded decision.

A swap moves the models' states with it: whoever holds the pointer is the champion. Every swap runs under one advisory
lock, so that two of them never interleave.
"""

from __future__ import annotations

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
# The first champion had nobody to be measured against: it counts as confirmed until another one is.
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
    """The pointer is not where the evidence was taken: compute it again. Nothing was written."""

    expected: int
    actual: int


@dataclass(frozen=True)
class AlreadyApplied:
    """This decision moved the pointer before. Nothing was written."""

    generation: int


Outcome = Swapped | Stale | AlreadyApplied


async def lock(connection: Connection) -> None:
    """Hold every other swap off until this transaction ends."""
    await connection.execute(LOCK_SQL, _LOCK_KEY)


async def read(connection: Connection) -> Pointer | None:
    row = await connection.fetchrow(READ_SQL)
    return None if row is None else Pointer(**row)


async def at_generation(connection: Connection, generation: int) -> Pointer | None:
    """Where the pointer was at one of its generations."""
    row = await connection.fetchrow(MOVED_BY_SQL, generation)
    return None if row is None else Pointer(**row)


async def champion_at(connection: Connection, instant: datetime) -> Pointer | None:
    """Who was champion then; None before the first one."""
    row = await connection.fetchrow(AT_SQL, instant)
    return None if row is None else Pointer(**row)


async def reigns(connection: Connection, model_id: str) -> list[Reign]:
    """The moves of the pointer to the model, oldest first."""
    return [Reign(**row) for row in await connection.fetch(REIGNS_SQL, model_id)]


async def confirmed(connection: Connection) -> str | None:
    """The champion last confirmed by fresh sales that has not fallen since; the first one until there is another."""
    identity: str | None = await connection.fetchval(CONFIRMED_SQL)
    return identity


async def applied(connection: Connection, decision_id: UUID) -> int | None:
    """The generation that the decision moved the pointer to, if it did."""
    generation: int | None = await connection.fetchval(APPLIED_SQL, decision_id)
    return generation


async def promote(connection: Connection, model_id: str, decision: Decision, *, expected_generation: int) -> Outcome:
    """Make an evaluated contender, a shadow or a former champion the champion; the one so far retires.

    A decision that overrides brings a rejected or rolled-back model, too. The database demands that decision.

    The decision must have been recorded in this transaction or before.

    Raises:
        ConflictError: the model is in no state from which it may be promoted.
    """
    seen = await _compare(connection, decision, expected_generation)
    if not isinstance(seen, _Ready):
        return seen
    replaced = None if seen.pointer is None else seen.pointer.model_id
    if replaced is not None:
        await models.transition(connection, replaced, expected="champion", to="retired")
    state = (await models.get(connection, model_id)).state
    promotable = ("shadow", "retired", "rejected", "rolled_back") if decision.overrides else ("shadow", "retired")
    source: models.State = state if state in promotable else "evaluated"
    await models.transition(connection, model_id, expected=source, to="champion")
    return await _swap(connection, model_id, replaced, decision, expected_generation)


async def rollback(
    connection: Connection, decision: Decision, *, to: str, expected_generation: int, predecessor: str | None = None
) -> Outcome:
    """Take the champion down (`rolled_back`) and bring the retired model `to` back, with `predecessor` as its fallback.

    Raises:
        ConflictError: the model to go back to is not retired: it may itself have failed.
    """
    seen = await _compare(connection, decision, expected_generation)
    if not isinstance(seen, _Ready):
        return seen
    if seen.pointer is None:
        return Stale(expected_generation, 0)
    fallen = seen.pointer.model_id
    await models.transition(connection, fallen, expected="champion", to="rolled_back")
    await models.transition(connection, to, expected="retired", to="champion")
    moved = await _swap(connection, to, predecessor, decision, expected_generation)
    return Swapped(moved.generation, fallen)


@dataclass(frozen=True)
class _Ready:
    pointer: Pointer | None


async def _compare(
    connection: Connection, decision: Decision, expected_generation: int
) -> _Ready | Stale | AlreadyApplied:
    await lock(connection)
    moved_to = await applied(connection, decision.decision_id)
    if moved_to is not None:
        return AlreadyApplied(moved_to)
    pointer = await read(connection)
    actual = 0 if pointer is None else pointer.generation
    return _Ready(pointer) if actual == expected_generation else Stale(expected_generation, actual)


async def _swap(
    connection: Connection, model_id: str, previous: str | None, decision: Decision, expected_generation: int
) -> Swapped:
    identity, at = decision.decision_id, decision.decided_at
    if expected_generation == 0:
        await connection.execute(CREATE_SQL, model_id, previous, identity, at)
        return Swapped(1, previous)
    generation = await connection.fetchval(SWAP_SQL, model_id, previous, identity, at, expected_generation)
    assert generation is not None, "the pointer moved although the swap lock is held"
    return Swapped(generation, previous)

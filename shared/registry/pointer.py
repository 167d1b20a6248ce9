"""The model pointer: one row that moves only by compare-and-swap, each time with a recorded decision.

A swap moves the models' states with it: whoever holds the pointer is the champion. Every swap runs under one advisory
lock, so that two of them never interleave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection
from shared.registry import models
from shared.registry.decisions import Decision

_LOCK_KEY = 0x70756E6B63617374  # "punkcast"

LOCK_SQL = "select pg_advisory_xact_lock($1)"
READ_SQL = "select model_id, previous_model_id, generation, decision_id, moved_at from model_pointer"
APPLIED_SQL = "select generation from model_pointer_history where decision_id = $1"
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


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is. Before the first promotion it does not exist, and its generation counts as 0."""

    model_id: str
    previous_model_id: str | None
    generation: int
    decision_id: UUID
    moved_at: datetime


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
    return None if row is None else Pointer(**dict(row))


async def promote(connection: Connection, model_id: str, decision: Decision, *, expected_generation: int) -> Outcome:
    """Make an evaluated contender or a shadow the champion; the champion so far retires.

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
    source: models.State = "shadow" if state == "shadow" else "evaluated"
    await models.transition(connection, model_id, expected=source, to="champion")
    return await _swap(connection, model_id, replaced, decision, expected_generation)


async def rollback(
    connection: Connection, decision: Decision, *, to: str, expected_generation: int, armed: str | None = None
) -> Outcome:
    """Take the champion down (`rolled_back`) and bring the retired model `to` back, with `armed` as its predecessor.

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
    moved = await _swap(connection, to, armed, decision, expected_generation)
    return Swapped(moved.generation, fallen)


@dataclass(frozen=True)
class _Ready:
    pointer: Pointer | None


async def _compare(
    connection: Connection, decision: Decision, expected_generation: int
) -> _Ready | Stale | AlreadyApplied:
    await lock(connection)
    applied = await connection.fetchval(APPLIED_SQL, decision.decision_id)
    if applied is not None:
        return AlreadyApplied(applied)
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

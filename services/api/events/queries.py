"""What the stream of events is fed from: three histories that only grow, each with a number of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.pool import Connection

PLACE_SQL = """
select coalesce((select generation_id from nowcast_pointer), 0) as generation,
       coalesce((select max(event_seq) from outcomes where track = 'champion' and horizon = 'latest'), 0) as sale,
       coalesce((select generation from model_pointer), 0) as pointer
"""
GENERATIONS_SQL = """
select generation_id, model_id, as_of, published_at from generations
where role = 'champion' and generation_id > $1 and generation_id <= (select generation_id from nowcast_pointer)
order by generation_id
limit $2
"""
SALES_SQL = """
select o.event_seq, s.punk_id, s.event_time as sold_at, s.kind, o.price_wei::text as price, o.value_wei::text as value,
       o.floor_wei::text as floor, o.generation_id, o.model_id, o.in90
from outcomes o join current_sales s using (event_seq)
where o.track = 'champion' and o.horizon = 'latest' and o.event_seq > $1
order by o.event_seq
limit $2
"""
POINTERS_SQL = """
select h.generation as pointer_generation, h.model_id, h.previous_model_id, h.decision_id, h.moved_at, d.reason,
       d.action = 'rollback' as rolled_back
from model_pointer_history h join decisions d using (decision_id)
where h.generation > $1
order by h.generation
limit $2
"""


@dataclass(frozen=True)
class Place:
    """How far each history was told: the newest generation, sale (its event's number) and move of the pointer."""

    generation: int
    sale: int
    pointer: int


@dataclass(frozen=True)
class GenerationRow:
    generation_id: int
    model_id: str
    as_of: datetime
    published_at: datetime


@dataclass(frozen=True)
class SaleRow:
    """Wei as text."""

    event_seq: int
    punk_id: int
    sold_at: datetime
    kind: str
    price: str
    value: str
    floor: str
    generation_id: int
    model_id: str
    in90: bool


@dataclass(frozen=True)
class PointerMoveRow:
    pointer_generation: int
    model_id: str
    previous_model_id: str | None
    decision_id: UUID
    moved_at: datetime
    reason: str
    rolled_back: bool


async def place(connection: Connection) -> Place:
    return Place(**await connection.fetchrow(PLACE_SQL))


async def generations(connection: Connection, after: int, limit: int) -> Sequence[GenerationRow]:
    return [GenerationRow(**row) for row in await connection.fetch(GENERATIONS_SQL, after, limit)]


async def sales(connection: Connection, after: int, limit: int) -> Sequence[SaleRow]:
    return [SaleRow(**row) for row in await connection.fetch(SALES_SQL, after, limit)]


async def pointer_moves(connection: Connection, after: int, limit: int) -> Sequence[PointerMoveRow]:
    return [PointerMoveRow(**row) for row in await connection.fetch(POINTERS_SQL, after, limit)]

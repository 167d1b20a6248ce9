"""The sources of the event stream: three append-only histories, each numbered."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.api.events.schemas import EventName, GenerationEvent, PointerEvent, SaleScoredEvent
from services.api.money import money
from shared.database.pool import Connection

PROGRESS_SQL = """
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
       case d.action when 'rollback' then 'rollback' else 'promotion' end as name
from model_pointer_history h join decisions d using (decision_id)
where h.generation > $1
order by h.generation
limit $2
"""


@dataclass(frozen=True)
class Progress:
    """The last number of each history that was read: generation, sale (sequence of its event), move of the pointer."""

    generation: int
    sale: int
    pointer: int


async def progress(connection: Connection) -> Progress:
    return Progress(**await connection.fetchrow(PROGRESS_SQL))


async def generations(connection: Connection, after: int, limit: int) -> Sequence[GenerationEvent]:
    return [GenerationEvent(**row) for row in await connection.fetch(GENERATIONS_SQL, after, limit)]


async def sales(connection: Connection, after: int, limit: int) -> Sequence[SaleScoredEvent]:
    return [
        SaleScoredEvent(**{**row, **{name: money(row[name]) for name in ("price", "value", "floor")}})
        for row in await connection.fetch(SALES_SQL, after, limit)
    ]


async def pointer_moves(connection: Connection, after: int, limit: int) -> Sequence[tuple[EventName, PointerEvent]]:
    """Each move, and whether it is a promotion or a rollback."""
    return [
        (row["name"], PointerEvent(**{name: value for name, value in row.items() if name != "name"}))
        for row in await connection.fetch(POINTERS_SQL, after, limit)
    ]

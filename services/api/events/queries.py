"""The sources of the event stream: four histories, each numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.api.events.schemas import EventName, GenerationEvent, ListingEvent, PointerEvent, SaleScoredEvent
from services.api.money import money
from shared.database.pool import Connection
from shared.market.chain import PROVISIONAL_BLOCKS

PROGRESS_SQL = """
select coalesce((select generation_id from nowcast_pointer), 0) as generation,
       coalesce((select max(event_seq) from outcomes where track = 'champion' and horizon = 'latest'), 0) as sale,
       coalesce((select generation from model_pointer), 0) as pointer,
       coalesce((select max(since_seq) from offers), 0) as listing
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
# History, such as a backfill, is not news: there an event is known since it happened.
LISTINGS_SQL = f"""
select o.since_seq as listing, o.punk_id, o.since_time as listed_at, o.price_wei::text as ask, p.generation_id,
       n.value_wei::text as value, n.lo80_wei::text as lo80, n.hi80_wei::text as hi80, n.confidence::text,
       coalesce(o.since_block > c.block - {PROVISIONAL_BLOCKS}, false) as provisional
from offers o
join market_events e on e.seq = o.since_seq and e.known_at > e.event_time
left join nowcast_pointer p on true
left join nowcasts n on n.generation_id = p.generation_id and n.punk_id = o.punk_id
left join chain_cursor c on true
where o.kind = 'ask' and o.since_seq > $1
order by o.since_seq
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
    """The last number of each history that was read: generation, sale and listing (sequence of its event), move of the
    pointer."""

    generation: int
    sale: int
    pointer: int
    listing: int


async def progress(connection: Connection) -> Progress:
    return Progress(**await connection.fetchrow(PROGRESS_SQL))


async def generations(connection: Connection, after: int, limit: int) -> Sequence[GenerationEvent]:
    return [GenerationEvent(**row) for row in await connection.fetch(GENERATIONS_SQL, after, limit)]


async def sales(connection: Connection, after: int, limit: int) -> Sequence[SaleScoredEvent]:
    return [
        SaleScoredEvent(**{**row, **{name: money(row[name]) for name in ("price", "value", "floor")}})
        for row in await connection.fetch(SALES_SQL, after, limit)
    ]


async def listings(connection: Connection, after: int, limit: int) -> Sequence[ListingEvent]:
    return [_listing(row) for row in await connection.fetch(LISTINGS_SQL, after, limit)]


def _listing(row: Mapping[str, Any]) -> ListingEvent:
    ask, value = int(row["ask"]), row["value"]
    amounts = {name: None if row[name] is None else money(row[name]) for name in ("ask", "value", "lo80", "hi80")}
    discount = None if value is None else 1.0 - ask / int(value)
    generation = None if value is None else row["generation_id"]
    return ListingEvent(**{**row, **amounts, "discount": discount, "generation_id": generation})


async def pointer_moves(connection: Connection, after: int, limit: int) -> Sequence[tuple[EventName, PointerEvent]]:
    """Each move, and whether it is a promotion or a rollback."""
    return [
        (row["name"], PointerEvent(**{name: value for name, value in row.items() if name != "name"}))
        for row in await connection.fetch(POINTERS_SQL, after, limit)
    ]

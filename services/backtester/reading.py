"""The platform's record as the days of a simulation.

Only what was published is read: champion generations, and the champion's outcomes for the value before each sale.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Final

import asyncpg

from shared.backtest.board import Board
from shared.backtest.feed import Close, Day, MarketEvent, Nowcast, SaleFacts, Valued
from shared.backtest.simulation import Simulation
from shared.backtest.terms import WHOLE
from shared.database.pool import Connection
from shared.units import DAY_S

EXTENT_SQL = """
select min(extract(epoch from as_of))::bigint as first_as_of, max(extract(epoch from as_of))::bigint as last_as_of,
       count(*) as generations, max(generation_id) as last_generation,
       (select coalesce(max(seq), 0) from market_events) as last_seq,
       (select count(*) from market_revisions) as revisions,
       (select count(*) from outcomes where track = 'champion') as outcomes
from generations where role = 'champion'
"""
EVENTS_SQL = """
select floor(extract(epoch from e.event_time) / 86400)::integer as day, e.seq,
       ceil(extract(epoch from e.event_time))::bigint as time, ceil(extract(epoch from e.known_at))::bigint as known,
       e.punk_id as punk, e.event_type as kind, coalesce(e.price_wei, 0)::text as price, e.from_address as sender,
       e.to_address as receiver, e.tx_hash || ':' || e.log_index as ref, s.kind as sale_kind, s.valid,
       o.value_wei::text as value, extract(epoch from g.as_of)::bigint as valued_as_of, o.generation_id
from market_events e
left join sales s on s.event_seq = e.seq
left join outcomes o on o.event_seq = e.seq and o.track = 'champion' and o.horizon = 'latest'
left join generations g on g.generation_id = o.generation_id
where e.superseded_at is null
order by e.block, e.log_index
"""
GENERATIONS_SQL = """
select generation_id, extract(epoch from as_of)::bigint as as_of,
       ceil(extract(epoch from published_at))::bigint as published_at,
       floor_wei::text as floor
from generations
where role = 'champion' and generation_id <= $2
  and as_of >= to_timestamp($1::bigint) and as_of < to_timestamp($1::bigint) + interval '1 day'
order by as_of, generation_id
"""
# An ask of the day can only be bought by a generation whose value it is under; $4: 10,000 less the margin.
CANDIDATES_SQL = """
select n.generation_id, n.punk_id, n.value_wei::text as value
from unnest($2::smallint[], $3::numeric[]) ask (punk_id, wei)
join nowcasts n on n.generation_id = any($1::bigint[]) and n.punk_id = ask.punk_id
where ask.wei * 10000 <= n.value_wei * $4::integer
"""
VALUES_SQL = "select punk_id, value_wei::text as value from nowcasts where generation_id = $1"
PLAIN_FIELDS: Final = ("seq", "time", "known", "punk", "kind", "ref", "sender", "receiver")
"""Of an event, as the query has them."""
_PREFETCH: Final = 10_000


@dataclass(frozen=True)
class Extent:
    """How far the record reaches. `fingerprint` changes with whatever a backtest could see."""

    first_day: int
    last_day: int
    last_generation: int
    fingerprint: str


async def extent(connection: Connection) -> Extent | None:
    """None before the first nowcast."""
    row = await connection.fetchrow(EXTENT_SQL)
    if row is None or row["first_as_of"] is None:
        return None
    seen = (row["generations"], row["last_generation"], row["last_seq"], row["revisions"], row["outcomes"])
    return Extent(
        row["first_as_of"] // DAY_S, row["last_as_of"] // DAY_S, row["last_generation"], "/".join(map(str, seen))
    )


async def days(connection: Connection, reach: Extent, simulation: Simulation, *, margin_bps: int) -> AsyncIterator[Day]:
    """Day after day. Each must be run before the next is read; the events before the first day warm the board up."""
    by_day = _by_day(connection)
    coming = await anext(by_day, None)
    while coming is not None and coming[0] < reach.first_day:
        simulation.warm_up(coming[1])
        coming = await anext(by_day, None)
    for number in range(reach.first_day, reach.last_day + 1):
        events: list[MarketEvent] = []
        if coming is not None and coming[0] == number:
            events, coming = coming[1], await anext(by_day, None)
        generations = await connection.fetch(GENERATIONS_SQL, number * DAY_S, reach.last_generation)
        asks = _lowest_asks(simulation.board, events)
        values: dict[int, dict[int, int]] = {row["generation_id"]: {} for row in generations}
        rows = await connection.fetch(CANDIDATES_SQL, list(values), list(asks), list(asks.values()), WHOLE - margin_bps)
        for row in rows:
            values[row["generation_id"]][row["punk_id"]] = int(row["value"])
        close = None
        if generations:
            last = generations[-1]
            marks = await connection.fetch(VALUES_SQL, last["generation_id"])
            close = Close(int(last["floor"]), {row["punk_id"]: int(row["value"]) for row in marks})
        nowcasts = [
            Nowcast(row["generation_id"], row["as_of"], row["published_at"], values[row["generation_id"]])
            for row in generations
        ]
        yield Day(number, events, nowcasts, close)


async def _by_day(connection: Connection) -> AsyncIterator[tuple[int, list[MarketEvent]]]:
    """The number of each day with events, and its events in contract order, which is that of time."""
    number, events = 0, list[MarketEvent]()
    async for row in connection.cursor(EVENTS_SQL, prefetch=_PREFETCH):
        if row["day"] != number and events:
            yield number, events
            events = []
        number = row["day"]
        events.append(_event(row))
    if events:
        yield number, events


def _lowest_asks(board: Board, events: Iterable[MarketEvent]) -> dict[int, int]:
    """The lowest public ask that each punk has at any time of a day, in wei."""
    ahead = board.copy()
    lowest = {ask.punk_id: ask.price_wei for ask in ahead.asks()}
    for event in events:
        ahead.take(event)
        ask = ahead.ask(event.punk)
        if ask is not None:
            lowest[event.punk] = min(ask.price_wei, lowest.get(event.punk, ask.price_wei))
    return lowest


def _event(row: asyncpg.Record) -> MarketEvent:
    sale = None
    if row["sale_kind"] is not None:
        valued = None
        if row["value"] is not None:
            valued = Valued(int(row["value"]), row["valued_as_of"], row["generation_id"])
        sale = SaleFacts(row["sale_kind"], bool(row["valid"]), valued)
    return MarketEvent(**{name: row[name] for name in PLAIN_FIELDS}, price_wei=int(row["price"]), sale=sale)

"""Which nowcast was in force at an instant, and what it said of one punk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.database.pool import Connection

_GENERATION = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.published_at, s.last_event_seq, n.value_wei::text,
       g.interval_offsets as offsets, g.value_shifts as shifts
from generations g join snapshots s using (snapshot_id)
left join nowcasts n on n.generation_id = g.generation_id and n.punk_id = $1
where g.role = 'champion'
"""
IN_FORCE_SQL = f"{_GENERATION} and g.published_at <= $2 order by g.generation_id desc limit 1"
BEFORE_SQL = f"{_GENERATION} and g.as_of < $2 and g.generation_id < $3 order by g.generation_id desc limit 1"
FIRST_EVENT_SQL = "select min(event_time) from market_events where superseded_at is null"


@dataclass(frozen=True)
class Published:
    """A nowcast that readers saw, and the events that it was made from: those up to `last_event_seq`.

    Attributes:
        value_wei: what it said of the punk, as text; None when its rows are gone.
        offsets, shifts: of the calibration that it was made with; None before these were recorded.
    """

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    last_event_seq: int
    value_wei: str | None
    offsets: list[list[list[float]]] | None
    shifts: list[float] | None


async def in_force(connection: Connection, punk: int, instant: datetime) -> Published | None:
    """The newest nowcast that was published by then."""
    row = await connection.fetchrow(IN_FORCE_SQL, punk, instant)
    return None if row is None else Published(**row)


async def before(connection: Connection, punk: int, nowcast: Published) -> Published | None:
    """The nowcast of an earlier instant that it took the place of."""
    row = await connection.fetchrow(BEFORE_SQL, punk, nowcast.as_of, nowcast.generation_id)
    return None if row is None else Published(**row)


async def first_event(connection: Connection) -> datetime | None:
    """When the market begins; None while there is no event."""
    instant: datetime | None = await connection.fetchval(FIRST_EVENT_SQL)
    return instant

"""Which nowcast was in force at an instant, and what it said of one punk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.database.pool import Connection
from shared.valuation.conformal import Calibration

_GENERATION = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.published_at, s.last_event_seq, n.value_wei::text,
       g.interval_offsets, g.value_shifts
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
        value_wei: what it said of the punk; None when its rows are gone.
        calibration: what it was made with; None when it was published before calibrations were recorded.
    """

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    last_event_seq: int
    value_wei: int | None
    calibration: Calibration | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Published:
        columns = dict(row)
        recorded = Calibration.recorded(columns.pop("interval_offsets"), columns.pop("value_shifts"))
        value = columns.pop("value_wei")
        return cls(**columns, value_wei=None if value is None else int(value), calibration=recorded)


async def in_force(connection: Connection, punk: int, instant: datetime) -> Published | None:
    """The newest nowcast that was published by then."""
    row = await connection.fetchrow(IN_FORCE_SQL, punk, instant)
    return None if row is None else Published.of(row)


async def before(connection: Connection, punk: int, nowcast: Published) -> Published | None:
    """The nowcast of an earlier instant that it took the place of."""
    row = await connection.fetchrow(BEFORE_SQL, punk, nowcast.as_of, nowcast.generation_id)
    return None if row is None else Published.of(row)


async def first_event(connection: Connection) -> datetime | None:
    """When the market begins; None while there is no event."""
    instant: datetime | None = await connection.fetchval(FIRST_EVENT_SQL)
    return instant

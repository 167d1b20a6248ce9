"""Which nowcast was in force at an instant, and what it said of one punk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.database.pool import Connection
from shared.valuation.calibration import Calibration

_GENERATION = """
select g.generation_id, g.model_id, g.snapshot_id, g.as_of, g.published_at, s.last_event_seq,
       g.interval_offsets, g.value_shifts
from generations g join snapshots s using (snapshot_id)
where g.role = 'champion'
"""
IN_FORCE_SQL = f"{_GENERATION} and g.published_at <= $1 order by g.generation_id desc limit 1"
BEFORE_SQL = f"{_GENERATION} and g.as_of < $1 and g.generation_id < $2 order by g.generation_id desc limit 1"
PUBLISHED_SQL = "select value_wei::text from nowcasts where generation_id = $1 and punk_id = $2"
FIRST_EVENT_SQL = "select min(event_time) from market_events where superseded_at is null"


@dataclass(frozen=True)
class Published:
    """A nowcast that readers saw, and the events that it was made from: those up to `last_event_seq`.

    `calibration` is what it was made with; None when it was published before these were recorded.
    """

    generation_id: int
    model_id: str
    snapshot_id: str
    as_of: datetime
    published_at: datetime
    last_event_seq: int
    calibration: Calibration | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Published:
        columns = dict(row)
        recorded = Calibration.recorded(columns.pop("interval_offsets"), columns.pop("value_shifts"), __import__("shared.valuation.params").valuation.params.Params.load().calibration)
        return cls(**columns, calibration=recorded)


async def in_force(connection: Connection, instant: datetime) -> Published | None:
    """The newest nowcast that was published by then."""
    row = await connection.fetchrow(IN_FORCE_SQL, instant)
    return None if row is None else Published.of(row)


async def before(connection: Connection, nowcast: Published) -> Published | None:
    """The nowcast of an earlier instant that it took the place of."""
    row = await connection.fetchrow(BEFORE_SQL, nowcast.as_of, nowcast.generation_id)
    return None if row is None else Published.of(row)


async def value_wei(connection: Connection, generation_id: int, punk: int) -> int | None:
    """What the nowcast said; None when its rows are gone."""
    text = await connection.fetchval(PUBLISHED_SQL, generation_id, punk)
    return None if text is None else int(text)


async def first_event(connection: Connection) -> datetime | None:
    """When the market begins; None while there is no event."""
    instant: datetime | None = await connection.fetchval(FIRST_EVENT_SQL)
    return instant

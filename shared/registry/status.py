"""The state of the platform's moving parts, in one query."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.database.pool import Connection
from shared.registry.freezes import IS_IN_FORCE
from shared.registry.promotions import IS_OPEN
from shared.registry.unsupported import IS_OPEN_FOR_CHAMPION

STATUS_SQL = f"""
select (select count(*) from outbox) as outbox_depth,
       (select min(created_at) from outbox) as outbox_oldest,
       (select count(*) from training_requests where status = 'queued') as training_queued,
       (select count(*) from training_requests where status = 'running') as training_running,
       (select count(*) from freezes where {IS_IN_FORCE}) as freezes,
       (select state from promotions where {IS_OPEN}) as promotion,
       (select count(*) from shadows where ended_at is null) as shadows,
       (select model_id from model_pointer) as champion,
       (select code from unsupported_models where {IS_OPEN_FOR_CHAMPION} order by since limit 1)
           as unsupported_by,
       (select max(scored_at) from outcomes) as last_scored_at,
       (select (config ->> 'from')::date from replays where name = 'replay') as replay_first,
       (select (config ->> 'to')::date from replays where name = 'replay') as replay_last
"""


@dataclass(frozen=True)
class PlatformStatus:
    """Counts and instants (UTC) of the moving parts."""

    outbox_depth: int
    outbox_oldest: datetime | None
    training_queued: int
    training_running: int
    freezes: int
    promotion: str | None
    shadows: int
    champion: str | None
    unsupported_by: str | None  # the code that cannot serve the champion; None: there is none
    last_scored_at: datetime | None
    replay_first: date | None  # the days that a replay plays in this database; None: it is no replay
    replay_last: date | None


async def platform_status(connection: Connection, *, at: datetime) -> PlatformStatus:
    return PlatformStatus(**await connection.fetchrow(STATUS_SQL, at))

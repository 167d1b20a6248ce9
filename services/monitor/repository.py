"""Queries of the monitor on nowcasts and sales."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from shared.database.pool import Connection
from shared.evaluation.watch import Health, Refusal
from shared.registry.promotions import Promotion

NEWEST_GENERATION_SQL = """
select generation_id, as_of, published_at, row_count from generations
where role = 'champion' and model_id = $1 and published_at >= $2
order by published_at desc, generation_id desc
limit 1
"""
# NaN sorts above every number in PostgreSQL, so it would pass a mere `> 0`.
VALID_ROWS_SQL = """
select count(*) from nowcasts
where generation_id = $1 and value_wei > 0 and value_wei <> 'NaN' and lo90_wei <> 'NaN' and hi90_wei <> 'NaN'
"""
JUMP_SQL = """
select avg(abs(ln(n.value_wei::float8) - ln(o.value_wei::float8)))
from generations g
join nowcasts o on o.generation_id = g.generation_id
join nowcasts n on n.generation_id = $1 and n.punk_id = o.punk_id
where g.role = 'previous' and g.model_id = $2 and g.as_of = $3
  and n.value_wei > 0 and n.value_wei <> 'NaN' and o.value_wei > 0 and o.value_wei <> 'NaN'
"""
NEWEST_FAILURE_SQL = """
select reason, refused, $2 = any(valued_by) as predecessor_fine from nowcast_failures
where model_id = $1 and failed_at >= $3 and as_of > $4
order by as_of desc
limit 1
"""
# A model that the running code cannot serve is not at fault, but no rollback may promote it either.
FAILED_LAST_SQL = """
select exists (
    select from nowcast_failures f
    where f.model_id = $1
      and f.as_of > (select coalesce(max(as_of), '-infinity') from generations where model_id = $1)
) or exists (select from unsupported_models where model_id = $1 and cleared_at is null)
"""
LAST_PUBLISHED_SQL = "select max(published_at) from generations where role = 'champion'"
LAST_FAILURE_REASON_SQL = """
select reason from nowcast_failures where model_id = $1 and failed_at > $2 order by as_of desc limit 1
"""
# The promotion before the current run of rejections, and the length of the run.
REJECTIONS_SQL = """
with promoted as (
    select decision_id, decided_at from decisions where action = 'promote'
    order by decided_at desc, decision_id desc limit 1
)
select (select decision_id from promoted) as since, count(*) as n from decisions
where kind in ('gate', 'shadow') and action = 'reject'
  and decided_at > (select coalesce(max(decided_at), '-infinity') from promoted)
"""
COUNT_GENERATIONS_SQL = """
select count(*) from (
    select from generations where role = 'champion' and model_id = $1 and published_at >= $2 limit $3
) published
"""
NEW_VALID_SALES_SQL = "select count(*) from current_sales where valid and event_time > $1 and event_time <= $2"
EXPIRE_ANSWERS_SQL = "delete from idempotency_keys where created_at < $1"

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class NowcastHealth:
    """Health of a promoted model's nowcasts; counts the rows of each generation once per process."""

    def __init__(self) -> None:
        self._looked: tuple[int, int, float | None] | None = None

    async def read(self, connection: Connection, promotion: Promotion) -> Health:
        """The newest nowcast since the promotion, and the newest failure after it."""
        model_id, previous = promotion.model_id, promotion.previous_model_id
        row = await connection.fetchrow(NEWEST_GENERATION_SQL, model_id, promotion.started_at)
        valued = _LONG_AGO if row is None else row["as_of"]
        failure = await connection.fetchrow(NEWEST_FAILURE_SQL, model_id, previous, promotion.started_at, valued)
        health = Health(
            published_at=None,
            rows=0,
            valid_rows=None,
            refusal=None
            if failure is None
            else Refusal(failure["reason"], failure["refused"], bool(failure["predecessor_fine"])),
            predecessor_failed=bool(await connection.fetchval(FAILED_LAST_SQL, previous)),
        )
        if row is None:
            return health
        generation_id = row["generation_id"]
        if self._looked is None or self._looked[0] != generation_id:
            jump = await connection.fetchval(JUMP_SQL, generation_id, previous, row["as_of"])
            self._looked = (generation_id, await connection.fetchval(VALID_ROWS_SQL, generation_id), jump)
        return replace(
            health,
            published_at=row["published_at"],
            rows=row["row_count"],
            valid_rows=self._looked[1],
            jump=self._looked[2],
        )


@dataclass(frozen=True)
class RejectionRun:
    """Number of contenders rejected in a row, and the decision of the promotion before them (None: no promotion)."""

    since: UUID | None
    count: int


async def rejection_run(connection: Connection) -> RejectionRun:
    row = await connection.fetchrow(REJECTIONS_SQL)
    assert row is not None
    return RejectionRun(row["since"], row["n"])


async def last_published(connection: Connection) -> datetime | None:
    """When any champion last published a nowcast."""
    instant: datetime | None = await connection.fetchval(LAST_PUBLISHED_SQL)
    return instant


async def last_failure(connection: Connection, model_id: str, *, after: datetime) -> str | None:
    """Reason of the model's newest failure after `after`."""
    reason: str | None = await connection.fetchval(LAST_FAILURE_REASON_SQL, model_id, after)
    return reason


async def count_generations(connection: Connection, model_id: str, *, since: datetime, enough: int) -> int:
    """Number of nowcasts that the model published as champion since `since`, at most `enough`."""
    return int(await connection.fetchval(COUNT_GENERATIONS_SQL, model_id, since, enough))


async def new_valid_sales(connection: Connection, *, after: datetime, until: datetime) -> int:
    return int(await connection.fetchval(NEW_VALID_SALES_SQL, after, until))


async def expire_answers(connection: Connection, *, before: datetime) -> None:
    """Delete responses stored under an Idempotency-Key before `before`."""
    await connection.execute(EXPIRE_ANSWERS_SQL, before)

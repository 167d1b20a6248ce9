"""What the monitor reads of nowcasts and sales."""

from __future__ import annotations

from datetime import datetime

from shared.database.pool import Connection
from shared.evaluation.watch import Health

NEWEST_GENERATION_SQL = """
select generation_id, published_at, row_count from generations
where role = 'champion' and model_id = $1 and published_at >= $2
order by published_at desc, generation_id desc
limit 1
"""
# NaN sorts above every number in PostgreSQL, so it would pass a mere `> 0`.
VALID_ROWS_SQL = """
select count(*) from nowcasts
where generation_id = $1 and value_wei > 0 and value_wei <> 'NaN' and lo90_wei <> 'NaN' and hi90_wei <> 'NaN'
"""
COUNT_GENERATIONS_SQL = """
select count(*) from (
    select from generations where role = 'champion' and model_id = $1 and published_at >= $2 limit $3
) published
"""
NEW_VALID_SALES_SQL = "select count(*) from current_sales where valid and event_time > $1 and event_time <= $2"


class NowcastHealth:
    """Looks at the newest nowcast of a promoted model; counts the rows of each generation once per process."""

    def __init__(self) -> None:
        self._counted: tuple[int, int] | None = None

    async def read(self, connection: Connection, model_id: str, *, since: datetime) -> Health:
        row = await connection.fetchrow(NEWEST_GENERATION_SQL, model_id, since)
        if row is None:
            return Health(published_at=None, rows=0, valid_rows=None)
        generation_id = row["generation_id"]
        if self._counted is None or self._counted[0] != generation_id:
            self._counted = (generation_id, await connection.fetchval(VALID_ROWS_SQL, generation_id))
        return Health(published_at=row["published_at"], rows=row["row_count"], valid_rows=self._counted[1])


async def count_generations(connection: Connection, model_id: str, *, since: datetime, enough: int) -> int:
    """How many nowcasts the model published as champion since then, counting no further than `enough`."""
    return int(await connection.fetchval(COUNT_GENERATIONS_SQL, model_id, since, enough))


async def new_valid_sales(connection: Connection, *, after: datetime, until: datetime) -> int:
    return int(await connection.fetchval(NEW_VALID_SALES_SQL, after, until))

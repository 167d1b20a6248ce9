"""Which generations lose their rows, and the removal of the rows.

A published generation keeps its record, its root and its file. Of its rows stay those that something on record is
computed from: the value of a punk that was sold later, and values above an ask of the day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from shared.database.pool import Connection
from shared.stores.retention.policy import RetentionPolicy
from shared.stores.sale_repository import SCORED_GENERATIONS

BATCH = 50
"""Generations in one transaction: a day of one model."""

# $1 to $3: instants before which not every generation keeps its rows, only that of a day, and no companion. The last
# generation of a step stays. Nothing goes that is not archived, or that the pointer, a rollback or a shadow needs.
_DUE = """
with steps as (
    select generation_id, role, model_id, as_of,
           max(generation_id) over (partition by role, model_id) as last_of_model,
           max(generation_id) over (partition by role, date_trunc('hour', as_of, 'UTC')) as last_of_hour,
           max(generation_id) over (partition by role, date_trunc('day', as_of, 'UTC')) as last_of_day
    from generations
),
due as (
    select s.generation_id, s.role, s.as_of
    from steps s
    where not exists (select from thinned_generations t where t.generation_id = s.generation_id)
      and not exists (select from nowcast_pointer p where p.generation_id = s.generation_id)
      and exists (select from archives a where a.kind = 'generation' and a.id = s.generation_id::text)
      and case s.role
          when 'champion' then s.generation_id < s.last_of_hour and s.as_of < $1
                            or s.generation_id < s.last_of_day and s.as_of < $2
          else s.as_of < $3 and not (s.generation_id = s.last_of_model and (
                   exists (select from model_pointer m where m.previous_model_id = s.model_id)
                   or exists (select from shadows o where o.model_id = s.model_id and o.ended_at is null)))
          end
)
"""
DUE_SQL = f"{_DUE} select generation_id, role, as_of from due order by role = 'champion', as_of, generation_id"
TIERS_SQL = f"""{_DUE}
select case when s.role <> 'champion' then 'companions'
            when s.as_of >= $1 then 'every' when s.as_of >= $2 then 'hourly' else 'daily' end as tier,
       count(*) as records, count(*) filter (where t.generation_id is null) as with_rows,
       count(d.generation_id) as due
from steps s
left join due d using (generation_id)
left join thinned_generations t using (generation_id)
group by 1
"""
# What outcomes of all sales, valid or not, are computed from: the last generation before a sale, or 7 days before it. A
# reorganisation may have moved a sale by a day.
_SCORED = f"""
select g.generation_id, s.punk_id
from sales s
{SCORED_GENERATIONS}
where g.generation_id = any($1::bigint[])
  and s.event_time >= (select min(published_at) from generations where generation_id = any($1::bigint[]))
  and s.event_time < interval '8 days' + (
      select coalesce(min(published_at), 'infinity') from generations
      where role = 'champion'
        and published_at > (select max(published_at) from generations where generation_id = any($1::bigint[])))
"""
# What a backtest could have bought: asks that stood on the day, at or below the value.
_OFFERED = """
select g.generation_id, o.punk_id
from (
    select date_trunc('day', as_of, 'UTC') as day, array_agg(generation_id) as ids
    from generations where generation_id = any($1::bigint[]) and role = 'champion' group by 1
) d
join offers o on o.kind = 'ask' and o.since_time < d.day + interval '1 day'
     and (o.until_time is null or o.until_time >= d.day)
cross join unnest(d.ids) g (generation_id)
join nowcasts n on n.generation_id = g.generation_id and n.punk_id = o.punk_id and o.price_wei <= n.value_wei
"""
REMOVE_ROWS_SQL = f"""
with needed as materialized ({_SCORED} union {_OFFERED})
delete from nowcasts n
where n.generation_id = any($1::bigint[])
  and not exists (select from needed k where k.generation_id = n.generation_id and k.punk_id = n.punk_id)
"""
NOTE_THINNED_SQL = """
insert into thinned_generations (generation_id, thinned_at) select unnest($1::bigint[]), $2 on conflict do nothing
"""


@dataclass(frozen=True)
class Due:
    """A generation whose rows are to be removed."""

    generation_id: int
    role: str
    day: date


@dataclass(frozen=True)
class Tier:
    """How many generations there are of an age (`every`, `hourly`, `daily`) or of companions; `due` of those
    `with_rows` lose them."""

    tier: str
    records: int
    with_rows: int
    due: int


def _instants(policy: RetentionPolicy, now: datetime) -> tuple[datetime, datetime, datetime]:
    rows = policy.nowcasts
    every, hourly, companions = (
        now - timedelta(days=n) for n in (rows.every_days, rows.hourly_days, policy.companions.days)
    )
    return every, hourly, companions


async def due(connection: Connection, policy: RetentionPolicy, now: datetime) -> list[Due]:
    """The generations that lose their rows: companions first, then by day."""
    rows = await connection.fetch(DUE_SQL, *_instants(policy, now))
    return [Due(row["generation_id"], row["role"], row["as_of"].date()) for row in rows]


async def tiers(connection: Connection, policy: RetentionPolicy, now: datetime) -> list[Tier]:
    """How the policy sees the generations that there are."""
    found = {row["tier"]: Tier(**row) for row in await connection.fetch(TIERS_SQL, *_instants(policy, now))}
    return [found.get(tier, Tier(tier, 0, 0, 0)) for tier in ("every", "hourly", "daily", "companions")]


def batches(due: Sequence[Due]) -> list[list[int]]:
    """Generations to remove together, of one day: what stays of them is looked up day by day."""
    found = []
    for _, group in groupby(due, key=lambda one: (one.role == "champion", one.day)):
        ids = [one.generation_id for one in group]
        found += [ids[first : first + BATCH] for first in range(0, len(ids), BATCH)]
    return found


async def thin(connection: Connection, generation_ids: Sequence[int], now: datetime) -> int:
    """Remove the rows of these generations and note it, in the caller's transaction. Returns the number of rows."""
    status = await connection.execute(REMOVE_ROWS_SQL, list(generation_ids))
    await connection.execute(NOTE_THINNED_SQL, list(generation_ids), now)
    return int(status.split()[-1])

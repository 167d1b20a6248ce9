"""The market day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.database.pool import Connection

# Sales are counted from the record itself; floor and index are the nowcaster's.
DAYS_SQL = """
with sold as (
    select (event_time at time zone 'UTC')::date as date, count(*) as sales,
           count(*) filter (where valid) as valid_sales, sum(price_wei)::float8 / 1e18 as volume_eth
    from current_sales
    where ($1::date is null or event_time >= $1::date::timestamp at time zone 'UTC')
      and ($2::date is null or event_time < ($2::date + 1)::timestamp at time zone 'UTC')
    group by 1
), known as (
    select date from sold union select date from market_days
), days as (
    select generate_series(coalesce($1::date, min(date))::timestamp, coalesce($2::date, max(date))::timestamp,
                           interval '1 day')::date as date
    from known
)
select days.date, market_days.floor_wei::float8 / 1e18 as floor_eth, market_days.index_eth,
       coalesce(sold.sales, 0) as sales, coalesce(sold.valid_sales, 0) as valid_sales,
       coalesce(sold.volume_eth, 0) as volume_eth, eth_usd_daily.close as eth_usd
from days
left join sold using (date)
left join market_days using (date)
left join eth_usd_daily using (date)
where days.date between (select min(date) from known) and (select max(date) from known)
order by days.date
"""


@dataclass(frozen=True)
class Day:
    """One day (UTC), amounts in ETH."""

    date: date
    floor_eth: float | None
    index_eth: float | None
    sales: int
    valid_sales: int
    volume_eth: float
    eth_usd: float | None


async def days(connection: Connection, first: date | None, last: date | None) -> Sequence[Day]:
    """From `first` to `last` (inclusive), as far as anything is known."""
    return [Day(**row) for row in await connection.fetch(DAYS_SQL, first, last)]

"""The market as of its last event: asks, owners and last sales of every punk, volumes, ETH/USD; and its days."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from services.api.market.schemas import MarketDay
from services.api.view.records import MarketRecord, PunkMarketRow, SaleRow, Volume
from shared.database.pool import Connection
from shared.market.event_types import OWNER_CHANGES
from shared.market.offers import OfferBook
from shared.stores import offer_repository
from shared.stores.offer_repository import Place

VOLUME_DAYS = (1, 7, 30)

LAST_EVENT_SQL = """
select seq, block, event_time
from market_events
where superseded_at is null
order by block desc, log_index desc
limit 1
"""
# Contract order is (block, log_index): both in one bigint, so that one pass finds the last event of each
# sort, and the index of the natural key finds those events again. $1: the types of event that change the owner.
_PUNKS = """
with places as (
    select punk_id,
           max(place) filter (where event_type = any ($1::text[])) as owned,
           max(place) filter (where event_type = 'sale') as sold
    from (select punk_id, event_type, (block << 31) | log_index as place
          from market_events
          where superseded_at is null {which}) as events
    group by punk_id
)
select places.punk_id, owned.to_address as owner, owned.event_time as owner_since,
       sold.price_wei::text as sale_wei, sold.event_time as sale_time, sold.sale_kind,
       sold.from_address as sale_seller, sold.to_address as sale_buyer, sold.tx_hash as sale_tx_hash,
       sales.valid as sale_valid
from places
left join market_events owned
    on owned.superseded_at is null and owned.block = places.owned >> 31
   and owned.log_index = places.owned & 2147483647
left join market_events sold
    on sold.superseded_at is null and sold.block = places.sold >> 31
   and sold.log_index = places.sold & 2147483647
left join sales on sales.event_seq = sold.seq
"""
PUNKS_SQL = _PUNKS.format(which="")
PUNKS_THEN_SQL = _PUNKS.format(which="and event_time < $2")
ONE_PUNK_THEN_SQL = _PUNKS.format(which="and event_time < $2 and punk_id = $3")
LAST_EVENT_THEN_SQL = """
select seq, block, event_time
from market_events
where superseded_at is null and event_time < $1
order by block desc, log_index desc
limit 1
"""
ETH_USD_THEN_SQL = "select date, close from eth_usd_daily where date < $1 order by date desc limit 1"
VALID_SALES_SQL = """
select event_seq as seq, punk_id, extract(epoch from event_time)::bigint as time, price_wei::text, floor_wei::text, kind
from current_sales
where valid and floor_wei > 0 and event_seq > $1
order by block, log_index
"""
VOLUME_SQL = """
select count(*) as sales, count(*) filter (where valid) as valid_sales, coalesce(sum(price_wei),
       0)::text as wei
from current_sales
where event_time > $1 and event_time <= $2
"""
ETH_USD_SQL = "select date, close from eth_usd_daily order by date desc limit 1"
# Sales are counted from the record itself; floor and index are the nowcaster's.
MARKET_DAYS_SQL = """
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
# Compiling this one query takes longer than it saves.
NO_JIT_SQL = "set local jit = off"
NEWEST_SQL = """
select (select coalesce(max(seq), 0) from market_events) as seq, (select count(*) from market_revisions) as revisions
"""


async def place_then(connection: Connection, as_of: datetime) -> str:
    """Names the market strictly before `as_of`: between two events, and between two closes, it is the same."""
    last = await connection.fetchrow(LAST_EVENT_THEN_SQL, as_of)
    close = await connection.fetchrow(ETH_USD_THEN_SQL, as_of.date())
    return f"s{last['seq'] if last else 0}.d{close['date'] if close else ''}"


async def market(connection: Connection, *, as_of: datetime | None = None) -> MarketRecord | None:
    """The market as the open transaction sees it, or as it was strictly before `as_of` by what is known today; None
    before the first event.

    Windows of volume end at the last event, so the same events always give the same answer.
    """
    await connection.execute(NO_JIT_SQL)
    place = await connection.fetchrow(NEWEST_SQL)
    then = () if as_of is None else (as_of,)
    last = await connection.fetchrow(LAST_EVENT_SQL if as_of is None else LAST_EVENT_THEN_SQL, *then)
    if last is None:
        return None
    offers = await offer_repository.standing(connection, as_of=as_of)
    rows = await connection.fetch(PUNKS_SQL if as_of is None else PUNKS_THEN_SQL, OWNER_CHANGES, *then)
    volumes = []
    for days in VOLUME_DAYS:
        end = last["event_time"]
        found = await connection.fetchrow(VOLUME_SQL, end - timedelta(days=days), end)
        volumes.append(Volume(days, found["sales"], found["valid_sales"], int(found["wei"])))
    if as_of is None:
        eth_usd = await connection.fetchrow(ETH_USD_SQL)
    else:
        # A day's close is known when the day has ended.
        eth_usd = await connection.fetchrow(ETH_USD_THEN_SQL, as_of.date())
    return MarketRecord(
        last_seq=place["seq"] if as_of is None else last["seq"],
        revisions=place["revisions"],
        last_block=last["block"],
        last_event_time=last["event_time"],
        punks=[_punk(row, offers) for row in rows],
        volumes=volumes,
        eth_usd=eth_usd["close"] if eth_usd else None,
        eth_usd_date=eth_usd["date"] if eth_usd else None,
    )


async def valid_sales(connection: Connection, *, after: int) -> list[SaleRow]:
    """Those with a sequence number above `after` that had a floor, in contract order."""
    return [
        SaleRow(row["seq"], row["punk_id"], row["time"], int(row["price_wei"]), int(row["floor_wei"]), row["kind"])
        for row in await connection.fetch(VALID_SALES_SQL, after)
    ]


async def punk_then(
    connection: Connection, punk_id: int, as_of: datetime
) -> tuple[PunkMarketRow | None, tuple[int, datetime] | None]:
    """Where a punk stood strictly before `as_of`, and block and time of the market's last event then."""
    last = await connection.fetchrow(LAST_EVENT_THEN_SQL, as_of)
    past = await offer_repository.of_punk(connection, punk_id)
    offers = OfferBook(one.offer for one in past if one.stood(as_of))
    row = await connection.fetchrow(ONE_PUNK_THEN_SQL, OWNER_CHANGES, as_of, punk_id)
    return _punk(row, offers) if row else None, (last["block"], last["event_time"]) if last else None


def _punk(row: Mapping[str, Any], offers: OfferBook[Place]) -> PunkMarketRow:
    """The punk with its last owner and sale from `row`, and its ask and bid from `offers`."""
    ask, bid = offers.ask(row["punk_id"]), offers.bids.get(row["punk_id"])
    return PunkMarketRow(
        **row,
        ask_wei=str(ask.price_wei) if ask else None,
        ask_seller=ask.maker if ask else None,
        ask_time=ask.since.time if ask else None,
        ask_block=ask.since.block if ask else None,
        bid_wei=str(bid.price_wei) if bid else None,
        bidder=bid.maker if bid else None,
        bid_time=bid.since.time if bid else None,
    )


async def days(connection: Connection, first: date | None, last: date | None) -> list[MarketDay]:
    """From `first` to `last` (inclusive), as far as anything is known."""
    return [MarketDay(**row) for row in await connection.fetch(MARKET_DAYS_SQL, first, last)]

"""The market as of its last event: asks, owners and last sales of every punk, volumes, ETH/USD."""

from __future__ import annotations

from datetime import timedelta

from services.api.resident.facts import MarketFacts, PunkMarketRow, Volume
from shared.database.pool import Connection

VOLUME_DAYS = (1, 7, 30)

LAST_EVENT_SQL = """
select seq, block, event_time
from market_events
where superseded_at is null
order by block desc, log_index desc
limit 1
"""
# Contract order is (block, log_index): both in one bigint, so that one pass finds the last event of each
# sort, and the index of the natural key finds the three events again.
PUNK_MARKET_SQL = """
with places as (
    select punk_id,
           max(place) filter (where event_type in ('claim', 'sale', 'transfer', 'wrap', 'unwrap')) as owned,
           max(place) filter (where event_type = 'sale') as sold,
           max(place) filter (where event_type in
               ('listed', 'delisted', 'sale', 'transfer', 'wrap', 'unwrap')) as offered
    from (select punk_id, event_type, (block << 31) | log_index as place
          from market_events
          where superseded_at is null and event_type not in ('bid', 'bid_withdrawn')) as events
    group by punk_id
)
select places.punk_id,
       offer.price_wei::text as ask_wei, offer.from_address as ask_seller, offer.event_time as ask_time,
       offer.block as ask_block,
       owned.to_address as owner, owned.event_time as owner_since,
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
left join lateral (
    select * from market_events
    where superseded_at is null and block = places.offered >> 31 and log_index = places.offered & 2147483647
    offset 0  -- keeps what follows from turning the look-up by key into a scan of all listings
) as offer
    on offer.event_type = 'listed' and offer.price_wei > 0
   and (offer.to_address is null or offer.to_address = '0x0000000000000000000000000000000000000000')
left join sales on sales.event_seq = sold.seq
"""
VOLUME_SQL = """
select count(*) as sales, count(*) filter (where valid) as valid_sales, coalesce(sum(price_wei),
       0)::text as wei
from current_sales
where event_time > $1 and event_time <= $2
"""
ETH_USD_SQL = "select date, close from eth_usd_daily order by date desc limit 1"
# Compiling this one query takes longer than it saves.
NO_JIT_SQL = "set local jit = off"
NEWEST_SQL = """
select (select coalesce(max(seq), 0) from market_events) as seq, (select count(*) from market_revisions) as revisions
"""


async def market(connection: Connection) -> MarketFacts | None:
    """The market as the open transaction sees it; None before the first event.

    Windows of volume end at the last event, so the same events always give the same answer.
    """
    await connection.execute(NO_JIT_SQL)
    place = await connection.fetchrow(NEWEST_SQL)
    last = await connection.fetchrow(LAST_EVENT_SQL)
    if last is None:
        return None
    rows = await connection.fetch(PUNK_MARKET_SQL)
    volumes = []
    for days in VOLUME_DAYS:
        end = last["event_time"]
        found = await connection.fetchrow(VOLUME_SQL, end - timedelta(days=days), end)
        volumes.append(Volume(days, found["sales"], found["valid_sales"], int(found["wei"])))
    eth_usd = await connection.fetchrow(ETH_USD_SQL)
    return MarketFacts(
        last_seq=place["seq"],
        revisions=place["revisions"],
        last_block=last["block"],
        last_event_time=last["event_time"],
        punks=[PunkMarketRow(**row) for row in rows],
        volumes=volumes,
        eth_usd=eth_usd["close"] if eth_usd else None,
        eth_usd_date=eth_usd["date"] if eth_usd else None,
    )

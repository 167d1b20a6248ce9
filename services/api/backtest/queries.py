"""Stored backtests."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from services.api.backtest.schemas import BacktestTrade, BookName, EquityPoint
from services.api.money import Money, money
from shared.database.pool import Connection

AMOUNTS = ("value", "bought_for", "sold_for", "costs", "mark_bid", "mark_floor", "mark_value")
NEWEST_SQL = """
select backtest_id, computed_at, first_day, last_day, generations, sales, terms::text as terms, books::text as books,
       versus::text as versus
from backtests
order by computed_at desc, backtest_id desc
limit 1
"""
NEWEST_ID_SQL = "select backtest_id from backtests order by computed_at desc, backtest_id desc limit 1"
EXISTS_SQL = "select exists (select from backtests where backtest_id = $1)"
LAST_DAYS_SQL = """
select distinct on (book) book, cash_wei::text as last_cash, bid_wei::text as last_positions_bid,
       floor_wei::text as last_positions_floor, value_wei::text as last_positions_value
from backtest_days where backtest_id = $1
order by book, day desc
"""
DAYS_SQL = """
select book, day, cash_wei::float8 / 1e18 as cash, bid_wei::float8 / 1e18 as positions_bid,
       floor_wei::float8 / 1e18 as positions_floor, value_wei::float8 / 1e18 as positions_value, held, growth_bid,
       growth_floor, growth_value
from backtest_days
where backtest_id = $1 and book = any($2::text[])
  and ($3::date is null or day >= $3) and ($4::date is null or day <= $4)
order by book, day
"""
TRADES_SQL = """
select book, trade, punk_id, decided_at, generation_id, value_wei::text as value, bought_at,
       bought_wei::text as bought_for, entry_event, sold_at, sold_wei::text as sold_for, exit_kind, exit_event,
       costs_wei::text as costs, mark_bid_wei::text as mark_bid, mark_floor_wei::text as mark_floor,
       mark_value_wei::text as mark_value
from backtest_trades
where backtest_id = $1 and book = $2 and trade > $3
  and ($4::smallint is null or punk_id = $4)
  and ($5::boolean is null or (sold_at is null) = $5)
order by trade
limit $6
"""


async def newest(connection: Connection) -> asyncpg.Record | None:
    """The newest backtest; `terms`, `books` and `versus` are JSON text."""
    row: asyncpg.Record | None = await connection.fetchrow(NEWEST_SQL)
    return row


async def newest_id(connection: Connection) -> UUID | None:
    identity: UUID | None = await connection.fetchval(NEWEST_ID_SQL)
    return identity


async def exists(connection: Connection, backtest_id: UUID) -> bool:
    return bool(await connection.fetchval(EXISTS_SQL, backtest_id))


async def last_days(connection: Connection, backtest_id: UUID) -> dict[str, dict[str, Money]]:
    """By book, the amounts of its last day under their names in `Book`."""
    return {
        row["book"]: {name: money(wei) for name, wei in row.items() if name != "book"}
        for row in await connection.fetch(LAST_DAYS_SQL, backtest_id)
    }


async def days(
    connection: Connection, backtest_id: UUID, books: Sequence[BookName], *, first: date | None, last: date | None
) -> dict[BookName, list[EquityPoint]]:
    """The books at the end of each day, both ends inclusive, ETH."""
    curves: dict[BookName, list[EquityPoint]] = {book: [] for book in books}
    for row in await connection.fetch(DAYS_SQL, backtest_id, list(books), first, last):
        fields = dict(row)
        curves[fields.pop("book")].append(EquityPoint(**fields))
    return curves


async def trades(
    connection: Connection,
    backtest_id: UUID,
    *,
    book: str,
    after: int,
    punk_id: int | None,
    still_open: bool | None,
    limit: int,
) -> list[BacktestTrade]:
    """A book's trades after number `after`, by number."""
    rows = await connection.fetch(TRADES_SQL, backtest_id, book, after, punk_id, still_open, limit)
    return [_trade(row) for row in rows]


def _trade(row: asyncpg.Record) -> BacktestTrade:
    gain = None
    if row["sold_for"] is not None:
        # `costs` has the gas and fees of both sides.
        gain = (int(row["sold_for"]) - int(row["bought_for"]) - int(row["costs"])) / int(row["bought_for"])
    amounts = {name: row[name] and money(row[name]) for name in AMOUNTS}
    return BacktestTrade(**{**row, **amounts}, gain=gain)

"""Stored backtests, the newest few."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import UUID

from shared.backtest.ledger import MARKS, Trade
from shared.backtest.result import BacktestResult, BookResult, day_of
from shared.database.pool import Connection

KEPT = 3
"""A cursor over trades stays valid while its backtest is kept."""
NEWEST_FINGERPRINT_SQL = "select fingerprint from backtests order by computed_at desc, backtest_id desc limit 1"
INSERT_SQL = """
insert into backtests (backtest_id, fingerprint, computed_at, first_day, last_day, generations, sales, terms, books,
    versus)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (backtest_id) do nothing
returning backtest_id
"""
PRUNE_SQL = """
delete from backtests
where backtest_id not in (select backtest_id from backtests order by computed_at desc, backtest_id desc limit $1)
"""
DAY_COLUMNS = (
    "backtest_id", "book", "day", "cash_wei", "bid_wei", "floor_wei", "value_wei", "held", "growth_bid",
    "growth_floor", "growth_value",
)  # fmt: skip
TRADE_COLUMNS = (
    "backtest_id", "book", "trade", "punk_id", "decided_at", "generation_id", "value_wei", "bought_at", "bought_wei",
    "entry_event", "sold_at", "sold_wei", "exit_kind", "exit_event", "costs_wei", "mark_bid_wei", "mark_floor_wei",
    "mark_value_wei",
)  # fmt: skip


async def newest_fingerprint(connection: Connection) -> str | None:
    """Fingerprint of the record that the newest backtest was computed from."""
    fingerprint: str | None = await connection.fetchval(NEWEST_FINGERPRINT_SQL)
    return fingerprint


async def save(
    connection: Connection, backtest_id: UUID, result: BacktestResult, *, fingerprint: str, at: datetime
) -> bool:
    """Store a backtest and delete the oldest; False if this one is already stored."""
    stored = await connection.fetchval(
        INSERT_SQL,
        backtest_id,
        fingerprint,
        at,
        day_of(result.first_day),
        day_of(result.last_day),
        result.generations,
        result.sales,
        json.dumps(asdict(result.terms)),
        json.dumps([book_document(book) for book in result.books]),
        json.dumps([asdict(versus) for versus in result.versus]),
    )
    if stored is None:
        return False
    days = [row for book in result.books for row in _days(backtest_id, book)]
    trades = [_trade(backtest_id, book.name, trade) for book in result.books for trade in book.trades]
    await connection.copy_records_to_table("backtest_days", records=days, columns=list(DAY_COLUMNS))
    await connection.copy_records_to_table("backtest_trades", records=trades, columns=list(TRADE_COLUMNS))
    await connection.execute(PRUNE_SQL, KEPT)
    return True


def book_document(book: BookResult) -> dict[str, object]:
    """The figures of a book as JSON; days and trades have tables of their own."""
    return {
        "book": book.name,
        "funding": "per_trade" if book.name in ("seed_style", "buy_all") else "capital",
        "figures": [
            {"mark": marked.mark, **{name: asdict(figure) for name, figure in marked.figures.items()}}
            for marked in book.marked
        ],
        "trades": asdict(book.trade_figures) | {"open_at_end": book.trade_figures.opened - book.trade_figures.closed},
        "months": [{"month": month.month, **month.returns} for month in book.months],
    }


def _days(backtest_id: UUID, book: BookResult) -> list[tuple[object, ...]]:
    growth = {marked.mark: marked.growth for marked in book.marked}
    return [
        (
            backtest_id,
            book.name,
            day_of(day.day),
            day.cash,
            *day.positions,
            day.held,
            *(growth[mark][place] for mark in MARKS),
        )
        for place, day in enumerate(book.days)
    ]


def _trade(backtest_id: UUID, book: str, trade: Trade) -> tuple[object, ...]:
    entry, exit_ = trade.entry, trade.exit
    left = (None,) * 4 if exit_ is None else (_instant(exit_.at), exit_.price_wei, exit_.kind, exit_.ref)
    return (
        backtest_id,
        book,
        trade.number,
        entry.punk,
        _instant(entry.decided_at),
        entry.generation_id,
        entry.value_wei,
        _instant(entry.at),
        entry.price_wei,
        entry.ref,
        *left,
        entry.gas_wei + (0 if exit_ is None else exit_.costs_wei),
        *((None,) * 3 if exit_ is not None or trade.marks is None else trade.marks),
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

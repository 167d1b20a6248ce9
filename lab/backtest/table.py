"""A backtest as tables on the terminal."""

from rich.console import Console
from rich.table import Table

from services.backtester.store import book_document
from shared.backtest.bootstrap import Estimate
from shared.backtest.ledger import MARKS
from shared.backtest.result import BacktestResult, BookResult, Marked, day_of
from shared.backtest.terms import Terms
from shared.units import ETH

PERCENT = ("total_return", "annual_return", "max_drawdown")
SHOWN = ("total_return", "annual_return", "sharpe", "sortino", "calmar", "max_drawdown")


def show_backtest(console: Console, result: BacktestResult) -> None:
    """Figures with their 90 % intervals, a line for each book and mark; then trades, and the differences."""
    days = f"{day_of(result.first_day)} to {day_of(result.last_day)}"
    console.print(f"{days}, {result.generations:,} nowcasts, {result.sales:,} valued sales. {terms_of(result.terms)}\n")
    table = _table("book, marked at", "return", "a year", "Sharpe", "Sortino", "Calmar", "drawdown")
    for book in result.books:
        # The index is worth the floor however one marks.
        for marked in book.marked if book.name != "floor_index" else book.marked[-1:]:
            table.add_row(f"{book.name}, {marked.mark}", *_figures(marked))
    console.print(table)
    trades = _table(
        "trades", "opened", "closed", "hit rate", "mean gain", "days held", "turnover", "invested", "missed"
    )
    for book in result.books:
        if book.trades:
            trades.add_row(book.name, *_trades(book))
    console.print()
    console.print(trades)
    versus = _table("strategy minus passive", *(f"Sharpe, {mark}" for mark in MARKS))
    for name, against in dict.fromkeys((versus.book, versus.against) for versus in result.versus):
        by_mark = {versus.mark: versus for versus in result.versus if (versus.book, versus.against) == (name, against)}
        versus.add_row(f"{name} − {against}", *(_estimate(by_mark[mark].sharpe_difference, False) for mark in MARKS))
    console.print()
    console.print(versus)


def document(result: BacktestResult) -> dict[str, object]:
    """The figures for a JSON file."""
    return {
        "first_day": day_of(result.first_day).isoformat(),
        "last_day": day_of(result.last_day).isoformat(),
        "generations": result.generations,
        "sales": result.sales,
        "terms": result.terms,
        "books": [book_document(book) for book in result.books],
        "versus": result.versus,
    }


def terms_of(terms: Terms) -> str:
    """The terms in a sentence."""
    return (
        f"Margin {terms.margin_bps / 100:g} %, latency {terms.latency}, capital {terms.capital_wei / ETH:g} ETH, gas "
        f"{terms.buy_gas_wei / ETH:g} + {terms.sell_gas_wei / ETH:g} ETH, fee {terms.sell_fee_bps / 100:g} %."
    )


def _figures(marked: Marked) -> list[str]:
    return [_estimate(marked.figures[name], name in PERCENT) for name in SHOWN]


def _trades(book: BookResult) -> list[str]:
    own = book.trade_figures
    return [
        f"{own.opened:,}",
        f"{own.closed:,}",
        _estimate(own.hit_rate, True),
        _estimate(own.mean_return, True),
        "–" if own.median_days_held is None else f"{own.median_days_held:.0f}",
        "–" if own.turnover is None else f"{own.turnover:.1f}",
        "–" if own.invested_share is None else f"{own.invested_share:.0%}",
        f"{own.missed_fills:,}",
    ]


def _estimate(figure: Estimate, percent: bool) -> str:
    def text(value: float) -> str:
        return f"{value:.1%}" if percent else f"{value:.2f}"

    if figure.value is None:
        return "–"
    if figure.lo is None or figure.hi is None:
        return text(figure.value)
    return f"{text(figure.value)} ({text(figure.lo)}…{text(figure.hi)})"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table

"""The backtest's books once more, in plain Python from what the gateway hands out.

The trades of the books of sales (`seed_style`, `buy_all`) follow from `GET /v1/outcomes` alone: each is a fold over
the valid sales in contract order. What the other books sold has to be a sale of that record. The figures of every book
have to follow from its trades and the daily worth of what it held. Nothing of the platform's own arithmetic is
imported; the formulas are those of docs/backtest.md.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.integration.api.recomputed import assert_same

Row = Mapping[str, Any]
YEAR_DAYS = 365


def check(outcomes: Iterable[Row], document: Row, trades: Iterable[Row], curves: Iterable[Row]) -> dict[str, int]:
    """Compare an answer of `/v1/backtest` and its trades and curves with what follows from the outcomes.

    Returns how many trades of each book were compared.
    """
    sales = sorted(
        (row for row in outcomes if row["horizon"] == "latest" and row["valid"]), key=lambda row: row["event_seq"]
    )
    by_book: dict[str, list[Row]] = {book["book"]: [] for book in document["books"]}
    for trade in trades:
        by_book[trade["book"]].append(trade)
    for name, only_under_value in (("seed_style", True), ("buy_all", False)):
        folded = fold(sales, only_under_value=only_under_value)
        assert [_plain(trade) for trade in by_book[name]] == folded, name
    record = {_reference(row): row for row in sales}
    days = {curve["book"]: curve["points"] for curve in curves}
    for book in document["books"]:
        own = by_book[book["book"]]
        for trade in own:
            if trade["sold_at"] is not None:
                sale = record[trade["exit_event"]]
                assert (sale["punk_id"], str(sale["price_wei"])) == (trade["punk_id"], trade["sold_for"]["wei"])
        points, terms = days[book["book"]], document["assumptions"]
        capital = int(terms["capital"]["wei"]) if book["funding"] == "capital" else None
        gas = 0 if capital is None else int(terms["buy_gas"]["wei"])
        assert_same(of_trades(own, gas), _stated(book["trades"]), book["book"])
        for figures in book["figures"]:
            place, mark = f"{book['book']} marked at {figures['mark']}", figures["mark"]
            returns = daily_returns(points, own, mark, capital)
            grown = 1.0
            for point, one in zip(points, returns, strict=True):
                grown *= 1.0 + one
                assert math.isclose(point[f"growth_{mark}"], grown, rel_tol=1e-6, abs_tol=1e-9), (place, point)
            expected = of_returns(returns)
            assert_same(expected, {name: figures[name]["value"] for name in expected}, place)
        if capital is not None and book["book"] != "floor_index":  # which holds what has no price of its own
            cash = capital - sum(int(trade["bought_for"]["wei"]) + int(trade["costs"]["wei"]) for trade in own)
            cash += sum(int(trade["sold_for"]["wei"]) for trade in own if trade["sold_at"] is not None)
            assert cash == int(book["last_cash"]["wei"]), book["book"]
    return {name: len(own) for name, own in by_book.items()}


def fold(sales: Sequence[Row], *, only_under_value: bool) -> list[tuple[int, str, int, str | None, int | None]]:
    """(punk, entry, bought for, exit, sold for) of each trade: a held punk leaves at its next valid sale, which may be
    the next purchase."""
    trades: list[tuple[int, str, int, str | None, int | None]] = []
    held: dict[int, int] = {}
    for sale in sales:
        punk, price = sale["punk_id"], int(sale["price_wei"])
        if punk in held:
            place = held.pop(punk)
            _, entry, paid, _, _ = trades[place]
            trades[place] = (punk, entry, paid, _reference(sale), price)
        if not only_under_value or price < int(sale["value_wei"]):
            held[punk] = len(trades)
            trades.append((punk, _reference(sale), price, None, None))
    return trades


def of_trades(trades: Sequence[Row], buy_gas_wei: int) -> dict[str, float | int | None]:
    """A trade's own gain is over its price, the mean is of gains over what the purchase cost with its gas."""
    closed = [trade for trade in trades if trade["sold_at"] is not None]
    gains, returns, held = [], [], []
    for trade in closed:
        paid, sold, costs = (int(trade[name]["wei"]) for name in ("bought_for", "sold_for", "costs"))
        gains.append(sold - paid - costs)
        returns.append(float(Fraction(gains[-1], paid + buy_gas_wei)))
        over_price = float(Fraction(gains[-1], paid))
        assert math.isclose(trade["gain"], over_price, rel_tol=1e-9, abs_tol=1e-12), trade
        held.append((_instant(trade["sold_at"]) - _instant(trade["bought_at"])).total_seconds() / 86_400)
    return {
        "opened": len(trades),
        "closed": len(closed),
        "open_at_end": len(trades) - len(closed),
        "hit_rate": sum(gain > 0 for gain in gains) / len(gains) if gains else None,
        "mean_return": statistics.fmean(returns) if returns else None,
        "median_days_held": statistics.median(held) if held else None,
    }


def daily_returns(points: Sequence[Row], trades: Sequence[Row], mark: str, capital_wei: int | None) -> list[float]:
    """Dietz 1966, what is paid in counted from the day's beginning. Without capital each purchase is paid in and each
    sale paid out on its day."""
    paid_in: dict[str, float] = defaultdict(float)
    paid_out: dict[str, float] = defaultdict(float)
    if capital_wei is None:
        for trade in trades:
            paid_in[trade["bought_at"][:10]] += int(trade["bought_for"]["wei"]) / 1e18
            if trade["sold_at"] is not None:
                paid_out[trade["sold_at"][:10]] += int(trade["sold_for"]["wei"]) / 1e18
    returns, before = [], 0.0 if capital_wei is None else capital_wei / 1e18
    for point in points:
        end, base = point["cash"] + point[f"positions_{mark}"], before + paid_in[point["day"]]
        returns.append((end + paid_out[point["day"]] - base) / base if base > 0 else 0.0)
        before = end
    return returns


def of_returns(returns: Sequence[float]) -> dict[str, float | None]:
    n, end, peak, drawdown = len(returns), 1.0, 1.0, 0.0
    for one in returns:
        end *= 1.0 + one
        peak = max(peak, end)
        drawdown = max(drawdown, 1.0 - end / peak)
    annual = end ** (YEAR_DAYS / n) - 1.0 if end > 0 else None
    deviation = statistics.stdev(returns) * math.sqrt(YEAR_DAYS) if n > 1 else None
    downside = math.sqrt(statistics.fmean(min(one, 0.0) ** 2 for one in returns) * YEAR_DAYS)
    mean = statistics.fmean(returns) * YEAR_DAYS
    return {
        "total_return": end - 1.0,
        "annual_return": annual,
        "volatility": deviation,
        "sharpe": _over(mean, deviation),
        "sortino": _over(mean, downside),
        "calmar": _over(annual, drawdown),
        "max_drawdown": drawdown,
    }


def _plain(trade: Row) -> tuple[int, str, int, str | None, int | None]:
    sold = None if trade["sold_for"] is None else int(trade["sold_for"]["wei"])
    return (trade["punk_id"], trade["entry_event"], int(trade["bought_for"]["wei"]), trade["exit_event"], sold)


def _stated(trades: Row) -> dict[str, float | int | None]:
    plain = {name: trades[name] for name in ("opened", "closed", "open_at_end", "median_days_held")}
    return plain | {name: trades[name]["value"] for name in ("hit_rate", "mean_return")}


def _reference(sale: Row) -> str:
    return f"{sale['tx_hash']}:{sale['log_index']}"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _over(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below is not None and below > 1e-12 else None

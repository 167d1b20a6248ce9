"""Figures of daily returns and of trades. Returns are fractions of a day; every function maps (paths, n) to (paths,).

Annualised with 365 days, because this market has no weekend. The risk-free rate is zero: the books hold ether and are
measured in it. The root of time (Sharpe 1994) assumes independent days. Marks that move slowly make the ratios too
high (Lo 2002), so the intervals come from blocks of days and not from a formula.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from shared.backtest.ledger import DayEnd, Mark
from shared.market.series import Floats

DAYS_A_YEAR: Final = 365.0
Figure: TypeAlias = Callable[[Floats], Floats]


def daily_returns(days: Sequence[DayEnd], mark: Mark, *, start_wei: int) -> Floats:
    """One for each day, shape (n,): (end + paid out - start - paid in) / (start + paid in). Payments count from the
    begin of the day (Dietz 1966, the flow weighted fully). A day without money at work returns 0."""
    returns: Floats = np.zeros(len(days))
    before = start_wei
    for place, day in enumerate(days):
        end, base = day.equity(mark), before + day.paid_in
        if base > 0:
            returns[place] = (end + day.paid_out - base) / base
        before = end
    return returns


def growth(returns: Floats) -> Floats:
    """Of one unit, after each day: (paths, n)."""
    return np.cumprod(1.0 + returns, axis=-1).astype(np.float64)


def total_return(returns: Floats) -> Floats:
    whole: Floats = np.prod(1.0 + returns, axis=-1) - 1.0
    return whole


def annual_return(returns: Floats) -> Floats:
    """Compound growth a year. NaN where nothing is left."""
    end = 1.0 + total_return(returns)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        annual: Floats = np.where(end > 0, np.abs(end) ** (DAYS_A_YEAR / returns.shape[-1]) - 1.0, np.nan)
    return annual


def volatility(returns: Floats) -> Floats:
    """Standard deviation (n - 1) of daily returns times the root of 365."""
    if returns.shape[-1] < 2:
        return np.full(returns.shape[0], np.nan)
    deviation: Floats = np.std(returns, axis=-1, ddof=1) * DAYS_A_YEAR**0.5
    return deviation


def sharpe(returns: Floats) -> Floats:
    """Sharpe 1994 with a rate of zero: mean over standard deviation, times the root of 365."""
    return _ratio(np.mean(returns, axis=-1) * DAYS_A_YEAR, volatility(returns))


def sortino(returns: Floats) -> Floats:
    """Sortino and Price 1994 with a target of zero: the root mean square of the losses over all days below the mean."""
    downside = np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2, axis=-1)) * np.sqrt(DAYS_A_YEAR)
    return _ratio(np.mean(returns, axis=-1) * DAYS_A_YEAR, downside)


def max_drawdown(returns: Floats) -> Floats:
    """The largest fall from a peak, as a share of it; the start counts as the first peak."""
    path = np.concatenate([np.ones((returns.shape[0], 1)), growth(returns)], axis=-1)
    peaks = np.maximum.accumulate(path, axis=-1)
    fall: Floats = np.max(1.0 - path / np.where(peaks > 0, peaks, 1.0), axis=-1)
    return fall


def calmar(returns: Floats) -> Floats:
    """Annual return over maximum drawdown (Young 1991), over the whole stretch and not its last three years."""
    return _ratio(annual_return(returns), max_drawdown(returns))


def _ratio(over: Floats, under: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = np.where(under > 1e-12, over / under, np.nan)
    return ratio

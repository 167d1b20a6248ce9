"""Sales at about what punks are worth: asks taken from the book, punks listed and sold at once, brokered deals."""

from __future__ import annotations

from typing import Final

import numpy as np

from shared.sources.simulation.bidders import accept
from shared.sources.simulation.day import HOUR, Day, price
from shared.sources.simulation.sellers import selling_price

SALES_A_DAY: Final = 6.0
_ACCEPTED, _BROKERED, _QUICK = 0.11, 0.15, 0.37
"""Shares of the sales; the rest are asks that stood in the book."""
_LIMIT: Final = 0.12
"""Nobody pays more than this (log) over what a punk is worth."""
_FLOOR_BUYERS: Final = 0.7
"""Share of the buyers who look at the price alone."""
_SWEEPS, _SWEPT = 0.035, 12.0
"""A day; how many punks on average."""
_CHOOSINESS: Final = 0.025


def trade(day: Day, activity: float) -> None:
    """The day's sales; `activity` is a factor on their mean number."""
    sales = day.count(SALES_A_DAY * activity)
    kinds = [_ACCEPTED, _BROKERED, _QUICK, 1.0 - _ACCEPTED - _BROKERED - _QUICK]
    accepted, brokered, quick, taken = day.rng.multinomial(sales, kinds).tolist()
    _sweep(day)
    found = _take_asks(day, taken)
    accept(day, accepted)
    _broker(day, brokered)
    # Who finds nothing worth its ask waits for one that is.
    _sell_at_once(day, quick + taken - found)


def _sweep(day: Day) -> None:
    """Seldom one buyer takes the lowest asks one after the other, as far as they are worth it, and the floor jumps."""
    listed = day.ledger.public()
    for size in day.rng.geometric(1.0 / _SWEPT, day.count(_SWEEPS)).tolist():
        buyer = day.somebody(1)
        cheapest = listed[np.argsort(day.ledger.asking[listed])[:size]]
        punks = day.take(cheapest[(day.gaps(cheapest) < _LIMIT) & (day.ledger.owner[cheapest] != buyer)])
        day.ledger.buy(punks, day.blocks(1) + np.arange(len(punks)) % HOUR, np.repeat(buyer, len(punks)))
        listed = day.ledger.public()


def _take_asks(day: Day, count: int) -> int:
    """Buyers compare: the better the ask for what the punk is worth, the likelier it goes."""
    listed = day.ledger.public()
    gaps = day.gaps(listed)
    listed, gaps = listed[gaps < _LIMIT], gaps[gaps < _LIMIT]
    asks = np.log(day.ledger.asking[listed] / 1e9)
    over_floor = asks - asks.min(initial=np.inf)
    regrets = np.where(day.rng.random(len(listed)) < _FLOOR_BUYERS, 4.0 * over_floor, gaps + _LIMIT / 4)
    # The first few of regrets with Gumbel noise are drawn one after the other without replacement.
    drawn = np.argsort(regrets / _CHOOSINESS - day.rng.gumbel(size=len(listed)))[:count]
    punks = day.take(listed[drawn])
    day.ledger.buy(punks, day.blocks(len(punks)), day.others(punks))
    return len(punks)


def _sell_at_once(day: Day, count: int) -> None:
    """An owner lists, or lowers an ask, and is taken at his word within minutes or hours."""
    listed = day.ledger.public()
    near = listed[np.abs(day.gaps(listed)) < 0.3]
    lowered = day.take(day.rng.permutation(near)[: int(day.rng.binomial(count, 0.5))])
    punks = np.concatenate([lowered, day.unlisted(count - len(lowered))])
    blocks = day.blocks(len(punks))
    day.ledger.ask(punks, blocks, selling_price(day, punks, blocks))
    day.ledger.buy(punks, day.later(blocks, 90.0), day.others(punks))


def _broker(day: Day, count: int) -> None:
    """Agreed on elsewhere, at the market: offered to one buyer, who takes it."""
    punks = day.unlisted(count)
    buyers, blocks = day.others(punks), day.blocks(len(punks))
    agreed = price(day.log_worth(punks, blocks) + day.rng.normal(0.0, 0.045, len(punks)))
    day.ledger.ask(punks, blocks, agreed, buyers)
    day.ledger.buy(punks, day.later(blocks, 30.0), buyers)

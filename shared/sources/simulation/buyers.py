"""Sales near the punks' worth: asks from the book, punks listed and sold at once, and private deals."""

from typing import Final

import numpy as np

from shared.sources.simulation.bidders import accept
from shared.sources.simulation.day import HOUR, Day, price
from shared.sources.simulation.sellers import selling_price

SALES_A_DAY: Final = 6.0
_ACCEPTED, _BROKERED, _QUICK = 0.11, 0.15, 0.37
"""Shares of the sales; the rest are asks from the book."""
_LIMIT: Final = 0.12
"""Largest premium (log) over the punk's worth that a buyer pays."""
_FLOOR_BUYERS: Final = 0.7
"""Share of the buyers who only compare prices."""
_SWEEPS, _SWEPT = 0.035, 12.0
"""Sweeps per day, and punks per sweep on average."""
_CHOOSINESS: Final = 0.025


def trade(day: Day, activity: float) -> None:
    """The day's sales; `activity` is a factor on their mean number."""
    sales = day.count(SALES_A_DAY * activity)
    kinds = [_ACCEPTED, _BROKERED, _QUICK, 1.0 - _ACCEPTED - _BROKERED - _QUICK]
    accepted, brokered, quick, taken = day.rng.multinomial(sales, kinds).tolist()
    _sweep(day)
    bought = _take_asks(day, taken)
    accept(day, accepted)
    _broker(day, brokered)
    # Buyers without a fair ask in the book wait for a new one.
    _sell_at_once(day, quick + taken - bought)


def _sweep(day: Day) -> None:
    """Rarely, one buyer takes the lowest fair asks in a row, and the floor jumps."""
    listed = day.ledger.public()
    for size in day.rng.geometric(1.0 / _SWEPT, day.count(_SWEEPS)).tolist():
        buyer = day.somebody(1)
        cheapest = listed[np.argsort(day.ledger.asking[listed])[:size]]
        punks = day.take(cheapest[(day.gaps(cheapest) < _LIMIT) & (day.ledger.owner[cheapest] != buyer)])
        day.ledger.buy(punks, day.blocks(1) + np.arange(len(punks)) % HOUR, np.repeat(buyer, len(punks)))
        listed = day.ledger.public()


def _take_asks(day: Day, count: int) -> int:
    """Buyers prefer asks that are low for the punk's worth. Returns the number of asks taken."""
    listed = day.ledger.public()
    gaps = day.gaps(listed)
    listed, gaps = listed[gaps < _LIMIT], gaps[gaps < _LIMIT]
    asks = np.log(day.ledger.asking[listed] / 1e9)
    over_floor = asks - asks.min(initial=np.inf)
    regrets = np.where(day.rng.random(len(listed)) < _FLOOR_BUYERS, 4.0 * over_floor, gaps + _LIMIT / 4)
    # The Gumbel trick: the lowest noisy regrets are draws without replacement.
    drawn = np.argsort(regrets / _CHOOSINESS - day.rng.gumbel(size=len(listed)))[:count]
    punks = day.take(listed[drawn])
    day.ledger.buy(punks, day.blocks(len(punks)), day.others(punks))
    return len(punks)


def _sell_at_once(day: Day, count: int) -> None:
    """An owner lists, or lowers an ask, and a buyer takes it within minutes or hours."""
    listed = day.ledger.public()
    near = listed[np.abs(day.gaps(listed)) < 0.3]
    lowered = day.take(day.rng.permutation(near)[: int(day.rng.binomial(count, 0.5))])
    punks = np.concatenate([lowered, day.unlisted(count - len(lowered))])
    blocks = day.blocks(len(punks))
    day.ledger.ask(punks, blocks, selling_price(day, punks, blocks))
    day.ledger.buy(punks, day.later(blocks, 90.0), day.others(punks))


def _broker(day: Day, count: int) -> None:
    """Deals agreed elsewhere at market prices: offered to one buyer, who takes the offer."""
    punks = day.unlisted(count)
    buyers, blocks = day.others(punks), day.blocks(len(punks))
    agreed = price(day.log_worth(punks, blocks) + day.rng.normal(0.0, 0.045, len(punks)))
    day.deal(punks, blocks, agreed, buyers, minutes=30.0)

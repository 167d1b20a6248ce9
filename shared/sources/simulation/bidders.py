"""Bids: dust from bots, bids on floor punks, bids on punks with one accessory, and owners who accept."""

from typing import Final

import numpy as np

from shared.market.collection import HELD, NAMES
from shared.market.series import Floats, Ints
from shared.sources.simulation.day import Day, price
from shared.sources.simulation.ledger import NOBODY
from shared.sources.simulation.values import wearers

_DUST_WARS, _FLOOR_BIDS, _TRAIT_ROUNDS = 19.0, 8.0, 1.6
"""Per day. A trait round bids on several punks with the same accessory."""
_BOTS, _TURNS, _OUTBID = 8, 5, 0.6
"""Number of bots (the most active holders), most turns of a war, and probability of each further turn."""
_TRAIT_BIDS: Final = 3
_WITHDRAWN: Final = 0.35
"""Share of the standing bids per day; most dust is withdrawn within minutes."""
_RELUCTANCE: Final = 0.10
"""Largest discount (log) from the punk's worth that an owner accepts."""


def bid_dust(day: Day) -> None:
    """Bots bid tiny amounts on any punk and outbid each other; the last one usually withdraws."""
    punks = day.unwrapped(day.count(_DUST_WARS))
    amounts = np.exp(day.rng.uniform(np.log(1.0), np.log(1e8), len(punks))).astype(np.int64)
    first, blocks = day.rng.integers(0, _BOTS, len(punks)), day.blocks(len(punks))
    for turn in range(_TURNS):
        bots = (first + turn) % _BOTS
        able = (day.ledger.bidding[punks] < amounts) & (bots != day.ledger.owner[punks])
        day.ledger.bid(punks[able], blocks[able], bots[able], amounts[able])
        on = able & (day.rng.random(len(punks)) < _OUTBID)
        gone = able & ~on & (day.rng.random(len(punks)) < 0.5)
        blocks = day.later(blocks, 3.0)
        day.ledger.withdraw(punks[gone], blocks[gone])
        punks, first, blocks, amounts = punks[on], first[on], blocks[on], amounts[on] + amounts[on] // 8 + 1


def bid_on_floor_punks(day: Day) -> None:
    """Bids slightly below the floor, on punks worth about the floor."""
    drawn = day.unwrapped(4 * day.count(_FLOOR_BIDS))
    cheap = drawn[day.values.premium[drawn] < 0.06][: len(drawn) // 4]
    _bid(day, cheap, day.rng.exponential(0.05, len(cheap)) + 0.01)


def bid_on_traits(day: Day) -> None:
    """Bids on a few punks with the same accessory; rare accessories are more likely."""
    rarity = np.array([1.0 / HELD[name] for name in NAMES])
    for accessory in day.rng.choice(len(NAMES), day.count(_TRAIT_ROUNDS), p=rarity / rarity.sum()).tolist():
        worn_by = wearers(day.punks, accessory)
        drawn = worn_by[np.unique(day.rng.integers(0, len(worn_by), _TRAIT_BIDS))] if len(worn_by) else worn_by
        punks = day.take(drawn[day.ledger.wrapped_by[drawn] == NOBODY])
        _bid(day, punks, 0.03 + day.rng.exponential(0.12, len(punks)))


def withdraw(day: Day) -> None:
    standing = np.flatnonzero(day.ledger.bidding >= 0)
    punks = day.take(standing[day.rng.random(len(standing)) < _WITHDRAWN])
    day.ledger.withdraw(punks, day.blocks(len(punks)))


def accept(day: Day, count: int) -> None:
    """Owners accept the best standing bids; without a good bid, a buyer makes one."""
    ledger = day.ledger
    standing = np.flatnonzero((ledger.bidding > 0) & (ledger.wrapped_by == NOBODY))
    shortfalls = day.log_worth(standing, day.blocks(len(standing))) - np.log(ledger.bidding[standing] / 1e9)
    standing, shortfalls = standing[shortfalls < _RELUCTANCE], shortfalls[shortfalls < _RELUCTANCE]
    best = day.take(standing[np.argsort(shortfalls)[: (count + 1) // 2]])
    ledger.accept(best, day.blocks(len(best)))
    punks = day.unlisted(count - len(best))
    punks, blocks = _bid(day, punks, np.abs(day.rng.normal(0.02, 0.035, len(punks))))
    ledger.accept(punks, day.later(blocks, 60.0))


def _bid(day: Day, punks: Ints, below: Floats) -> tuple[Ints, Ints]:
    """Bids `below` (log) the punks' worth, if above the standing bid. Returns the punks and blocks of these bids."""
    blocks = day.blocks(len(punks))
    amounts = price(day.log_worth(punks, blocks) - below)
    better = amounts > day.ledger.bidding[punks]
    punks, blocks = punks[better], blocks[better]
    day.ledger.bid(punks, blocks, day.others(punks), amounts[better])
    return punks, blocks

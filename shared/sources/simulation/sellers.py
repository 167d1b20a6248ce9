"""Owners who list, reprice and delist: some undercut the floor, some are patient, some ask far too much."""

from typing import Final

import numpy as np

from shared.market.series import Floats, Ints
from shared.sources.simulation.day import GWEI_A_CENT, Day, price

KEEN, PATIENT, DREAMING, SILLY = range(4)
_MOODS: Final = np.array([0.50, 0.32, 0.175, 0.005])
"""Shares of moods among owners who list today."""
_OPENING_MOODS: Final = np.array([0.05, 0.28, 0.64, 0.03])
"""Shares of moods among the asks at the start of the history, when keen owners have already sold."""
_OPENING_SHARE: Final = 0.10
_FRESH, _REPRICED = 8.2, 13.5
"""Per day."""
_DELISTED: Final = 0.0043
"""Share of the standing offers per day, which keeps the book at about 1,000 asks."""
_NEAR_FLOOR: Final = 0.08
"""Owners of punks worth less than this (log) over the floor look at the floor instead of attributes."""
_ALERT: Final = 0.7
"""Share of the owners asking too little who notice it today."""
_TICK, _FIRE_SALE = 0.009, 0.10
"""Typical and largest undercut, as shares of the floor."""
_NEVER_UNDER: Final = 0.08
"""Largest deliberate discount (log) from the punk's worth."""


def open_book(day: Day) -> None:
    """The asks at the start of the history, many of them stale."""
    punks = day.unlisted(round(_OPENING_SHARE * len(day.punks)))
    blocks = day.blocks(len(punks))
    day.ledger.ask(punks, blocks, _asked(day, punks, blocks, _OPENING_MOODS))


def list_fresh(day: Day) -> None:
    punks = day.unlisted(day.count(_FRESH))
    blocks = day.blocks(len(punks))
    day.ledger.ask(punks, blocks, _asked(day, punks, blocks, _MOODS))


def reprice(day: Day) -> None:
    """Owners asking far too little notice first; others reprice mainly near the floor."""
    listed = day.ledger.public()
    gaps = day.gaps(listed)
    alarmed = listed[(gaps < -_NEVER_UNDER) & (day.rng.random(len(listed)) < _ALERT)]
    nearness = day.rng.gumbel(size=len(listed)) - np.abs(gaps) / 0.25
    restless = listed[np.argsort(-nearness)[: day.count(_REPRICED)]]
    punks = day.take(np.union1d(alarmed, restless))
    blocks = day.blocks(len(punks))
    asked = np.log(day.ledger.asking[punks] / 1e9)
    worth = day.log_worth(punks, blocks)
    mood = day.rng.random(len(punks))
    step = np.where(
        mood < 0.7, -np.abs(day.rng.normal(0.012, 0.025, len(punks))), day.rng.normal(0.05, 0.12, len(punks))
    )
    # All owners asking too little, and some others, price by the punk's worth again.
    revalued = (asked < worth - _NEVER_UNDER) | ((mood > 0.75) & (asked < worth + 0.3))
    asked = np.where(revalued, worth + day.rng.normal(0.02, 0.03, len(punks)), asked + step)
    day.ledger.ask(punks, blocks, _undercut(day, price(asked), worth, share=0.35))


def delist(day: Day) -> None:
    offered = np.flatnonzero(day.ledger.asking >= 0)
    count = int(day.rng.binomial(len(offered), _DELISTED))
    # Owners forget far too high asks, and delist those near the market.
    eager = -0.5 * np.minimum(np.abs(day.gaps(offered)), 8.0) if len(offered) else np.empty(0)
    eager = eager + day.rng.gumbel(size=len(offered))
    punks = day.take(offered[np.argsort(-eager)[:count]])
    day.ledger.delist(punks, day.blocks(len(punks)))


def selling_price(day: Day, punks: Ints, blocks: Ints) -> Ints:
    """The ask of an owner who wants to sell within the day."""
    worth = day.log_worth(punks, blocks)
    return _undercut(day, price(worth + day.rng.normal(-0.005, 0.03, len(punks))), worth, share=0.6)


def _asked(day: Day, punks: Ints, blocks: Ints, moods: Floats) -> Ints:
    count, rng = len(punks), day.rng
    worth = day.log_worth(punks, blocks)
    mood = np.searchsorted(np.cumsum(moods), rng.random(count), side="right")
    over = np.select(
        [mood == KEEN, mood == PATIENT, mood == DREAMING],
        [rng.normal(0.02, 0.03, count), 0.05 + rng.exponential(0.20, count), 0.35 + rng.exponential(0.85, count)],
        default=0.0,
    )
    asked = np.where(mood >= SILLY, np.log(10.0) * rng.uniform(3.0, 6.0, count), worth + over)
    return _undercut(day, price(asked), worth, share=np.where(mood == KEEN, 0.5, 0.0))


def _undercut(day: Day, asked: Ints, worth: Floats, *, share: float | Floats) -> Ints:
    """Raises asks to slightly below the floor; a share of the owners of floor punks asks exactly that."""
    if not day.floor:
        return asked
    hurry = np.minimum(_TICK * np.abs(day.rng.standard_t(2.0, len(asked))), _FIRE_SALE)
    ticks = np.maximum(1, (hurry * day.floor / GWEI_A_CENT).astype(np.int64))
    below = np.maximum(day.floor - ticks * GWEI_A_CENT, GWEI_A_CENT)
    looks = (worth < np.log(day.floor / 1e9) + _NEAR_FLOOR) & (day.rng.random(len(asked)) < share)
    # Nobody undercuts below the punk's worth less the largest discount; a floor above the worth may be undercut more.
    looks &= np.log(below / 1e9) > worth - _NEVER_UNDER
    return np.asarray(np.where(looks, below, np.maximum(asked, np.minimum(below, price(worth)))))

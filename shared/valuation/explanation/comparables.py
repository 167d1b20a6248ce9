"""Sales of punks most like one, brought to today's market, and the punk's own sales beside them.

Two punks are as far apart as their differences are worth by the index: of two types, skins or accessory counts the
difference of the premia, of an accessory that only one of them has the size of its premium. Each trait in which they
differ adds a little for its rarity, so that a rare one matters before the index has learnt much about it; another type
and age add something, too. A sale's price is brought to the instant by the index: ln(price) + level now - level then.
Nothing at or after the instant goes in, and no ask or bid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import exp
from typing import Final

import numpy as np

from shared.market.marks import PunkSale
from shared.market.series import Floats, Ints, TimeSeries
from shared.market.timeline import MarketTimeline
from shared.market.traits import Traits
from shared.market.valid_sales import Exclusion
from shared.valuation.explanation.parts import KINDS
from shared.valuation.explanation.stored import LastSales

MOST: Final = 8
RARITY_WEIGHT: Final = 0.01
"""Log units for each nat of a trait's rarity, beside its premium."""
OTHER_TYPE: Final = 0.25
"""Log units for another type, beside the types' own premia."""
AGE_WEIGHT: Final = 0.2
"""Log units for each year since the sale."""
LEAST_SIMILARITY: Final = 0.05
"""What is further away is no comparable: an alien has few."""
YEAR_S: Final = 365.25 * 86_400


@dataclass(frozen=True)
class OwnSale:
    """A sale of the punk itself; `excluded` says why it does not count. Attributes as of `Comparable`; None where the
    book was empty, or the index had not begun."""

    time: datetime
    price_eth: float
    floor_eth: float | None
    adjusted_eth: float | None
    kind: str
    excluded: Exclusion | None


class MarketThen:
    """What reasons and comparables need of a timeline, taken out of it: the timeline may then read on.

    Attributes:
        last_sales: of every punk.
        level_eth: the index's level for common punks.
        premia, errors: of every trait, shape (traits,), log units: see `trait_premia` and `premium_errors`.
    """

    def __init__(self, timeline: MarketTimeline, as_of: int) -> None:
        """Strictly before `as_of` (UTC seconds)."""
        series, self.traits = timeline.punk_sales, timeline.traits
        every = np.arange(len(self.traits.members), dtype=np.int64)
        rows = series.row_before(every, np.full(len(every), as_of, dtype=np.int64))
        self._punk: Ints = every[rows >= 0]
        times, sales = series.times[rows[rows >= 0]], series.take(rows[rows >= 0])
        price, floor, then = (sales[:, PunkSale._fields.index(name)] for name in ("log_price", "log_floor", "level"))
        level = timeline.index.states.last_before(np.array([as_of], dtype=np.int64))[0, 0]
        prices = np.full((3, len(every)), np.nan)
        prices[:, self._punk] = np.exp([price, floor, price + level - then])
        time = np.zeros(len(every), dtype=np.int64)
        time[self._punk] = times
        self.last_sales = LastSales(time, *prices)
        self.level_eth = float(np.exp(np.nan_to_num(level)))
        self.premia, self.errors = trait_premia(timeline, as_of), premium_errors(timeline, as_of)
        # A last entry of zero stands for "no trait", which members say as -1.
        premium, rare = np.append(self.premia, 0.0), np.append(RARITY_WEIGHT * self.traits.rarity, 0.0)
        self._weight: Floats = np.abs(premium) + rare
        self._apart: Floats = np.abs(premium - premium[:, None]) + rare + rare[:, None]
        types = np.unique(self.traits.members[:, 0])
        self._apart[np.ix_(types, types)] += OTHER_TYPE
        np.fill_diagonal(self._apart, 0.0)
        members = self.traits.members[self._punk]
        self._kinds = members[:, :KINDS].T.copy()
        self._holders = [np.flatnonzero(held) for held in self.traits.holders[:, self._punk]]
        self._bare: Floats = AGE_WEIGHT * (as_of - times) / YEAR_S + self._weight[members[:, KINDS:]].sum(axis=1)

    def near(self, punk: int, most: int = MOST) -> tuple[Ints, Floats]:
        """The punks whose sales are most like the punk, its own left out, nearest first, and their similarity."""
        distance = self._distance(punk)
        if len(distance) > most:
            rows = np.flatnonzero(distance <= np.partition(distance, most - 1)[most - 1])
        else:
            rows = np.arange(len(distance))
        # Equal distances: the punk with the lower number first.
        near = rows[np.lexsort((rows, distance[rows]))][:most]
        similarity = np.exp(-distance[near])
        alike = similarity >= LEAST_SIMILARITY
        return self._punk[near[alike]], similarity[alike]

    def _distance(self, punk: int) -> Floats:
        """To every sold punk, shape (sold,), log units; infinite to itself."""
        own = self.traits.members[punk]
        apart = self._bare.copy()
        for mine, its in zip(own[:KINDS], self._kinds, strict=True):
            apart += self._apart[mine][its]
        accessories = own[KINDS:][own[KINDS:] >= 0]
        apart += self._weight[accessories].sum()
        for accessory in accessories.tolist():
            # Both have it: neither the one's weight nor the other's counts.
            apart[self._holders[accessory]] -= 2.0 * self._weight[accessory]
        apart[self._punk == punk] = np.inf
        return apart


def own_sales(timeline: MarketTimeline, punk: int, as_of: int) -> tuple[OwnSale, ...]:
    """All sales of the punk strictly before the instant (UTC seconds), newest first, those that do not count too."""
    sales = [sale for sale in timeline.sales if sale.punk_id == punk and sale.time < as_of][::-1]
    levels = timeline.index.states
    # Up to and with the sale's own second: the level right after it.
    then = levels.last_before(np.array([sale.time + 1 for sale in sales], dtype=np.int64))[:, 0]
    now = levels.last_before(np.array([as_of], dtype=np.int64))[0, 0]
    return tuple(
        OwnSale(
            time=datetime.fromtimestamp(sale.time, UTC),
            price_eth=sale.price_eth,
            floor_eth=sale.floor_eth,
            adjusted_eth=sale.price_eth * exp(float(now) - float(level)) if np.isfinite(level) else None,
            kind=sale.kind,
            excluded=sale.excluded,
        )
        for sale, level in zip(sales, then, strict=True)
    )


def trait_premia(timeline: MarketTimeline, as_of: int) -> Floats:
    """What every trait is worth by the index, shape (traits,), log units, from sales strictly before `as_of` (UTC
    seconds).

    As the features have it: type, skin and count over those of common punks, an accessory's by itself. Zero before the
    first sale.
    """
    premia = _of_traits(timeline.index.states, as_of)
    for kind, share in _kinds(timeline.traits):
        premia[kind] -= premia[kind] @ share
    return premia


def premium_errors(timeline: MarketTimeline, as_of: int) -> Floats:
    """Standard error of every premium of `trait_premia`, shape (traits,), log units, by the index's Kalman filter.

    From the variances alone: a type, skin or count is told over those of common punks, and what their errors have in
    common is left out. That makes the error too large rather than too small.
    """
    variance = _of_traits(timeline.index.variances, as_of)
    for kind, share in _kinds(timeline.traits):
        variance[kind] = (1.0 - 2.0 * share) * variance[kind] + share**2 @ variance[kind]
    errors: Floats = np.sqrt(np.maximum(variance, 0.0))
    return errors


def _of_traits(series: TimeSeries, as_of: int) -> Floats:
    found: Floats = np.nan_to_num(series.last_before(np.array([as_of], dtype=np.int64))[0, 1:].astype(np.float64))
    return found


def _kinds(traits: Traits) -> Iterator[tuple[Ints, Floats]]:
    """All types, all skins and all counts, with their shares among common punks."""
    for place in range(KINDS):
        kind = np.unique(traits.members[:, place])
        yield kind[kind >= 0], traits.common[kind[kind >= 0]]
